//go:build linux

package examples_test

import (
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// instruction is one of a Dockerfile.
type instruction struct{ name, rest string }

func dockerfile(t *testing.T) (all []instruction) {
	t.Helper()
	src, err := os.ReadFile("docker/Dockerfile")
	require.NoError(t, err)
	for line := range strings.Lines(strings.ReplaceAll(string(src), "\\\n", " ")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		all = append(all, instruction{name, strings.TrimSpace(rest)})
	}
	return all
}

// TestDockerfile looks at what the file says. No image is built: there is no
// Docker daemon where these tests run. TestDockerImage tries what would be in it.
func TestDockerfile(t *testing.T) {
	var from []string
	has := map[string]string{} // of the last stage
	for _, i := range dockerfile(t) {
		if i.name == "FROM" {
			from = append(from, i.rest)
			clear(has)
			continue
		}
		has[i.name] = i.rest
	}
	require.Len(t, from, 2, "a stage that builds, and one that is shipped")
	assert.Regexp(t, `^golang:\d+\.\d+\.\d+-\S+ AS build$`, from[0], "a base image has a version")
	assert.Equal(t, "scratch", from[1])
	user := regexp.MustCompile(`^(\d+):(\d+)$`).FindStringSubmatch(has["USER"])
	require.NotNil(t, user, "numbers, so that Kubernetes sees that it is not root: %q", has["USER"])
	assert.NotEqual(t, "0", user[1])
	assert.NotEqual(t, "0", user[2])
	assert.Equal(t, "8583 8584 8585", has["EXPOSE"], "the ports of acqsim serve")
	assert.NotContains(t, has, "RUN", "there is no shell in scratch")
	assert.NotContains(t, has, "HEALTHCHECK", "nor is there anything to check with")
	assert.Equal(t, "--from=build /out/ /", has["COPY"])
	for _, name := range []string{"ENTRYPOINT", "CMD"} {
		var words []string
		require.NoError(t, json.Unmarshal([]byte(has[name]), &words), "%s without a shell", name)
		assert.NotEmpty(t, words)
	}
}

// TestDockerfileIgnores nothing that the program is made of.
func TestDockerfileIgnores(t *testing.T) {
	src, err := os.ReadFile("docker/Dockerfile.dockerignore")
	require.NoError(t, err)
	var ignored []string
	for line := range strings.Lines(string(src)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			pattern := strings.ReplaceAll(regexp.QuoteMeta(line), `\*\*/`, `(.*/)?`)
			ignored = append(ignored, "^"+strings.ReplaceAll(pattern, `\*`, `[^/]*`)+"(/|$)")
		}
	}
	hidden := regexp.MustCompile(strings.Join(ignored, "|"))
	require.Regexp(t, hidden, "simulator/suite/testdata/bugs.golden")
	require.Regexp(t, hidden, "README.md")
	c := exec.Command("go", "list", "-deps", "-f", `{{if .Module}}{{if .Module.Main}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$d}}/{{.}}
{{end}}{{end}}{{end}}`, "./cmd/acqsim")
	c.Dir = ".."
	out, err := c.Output()
	require.NoError(t, err)
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	files := strings.Fields(string(out))
	require.Greater(t, len(files), 300)
	for _, file := range files {
		name, err := filepath.Rel(root, file)
		require.NoError(t, err)
		assert.NotRegexp(t, hidden, name)
	}
}

// image is the folder that becomes the image, made by the Dockerfile's own
// commands, once for all tests.
var image = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "acqsim-image-"); err != nil {
		return "", err
	}
	atTheEnd = append(atTheEnd, func() { _ = os.RemoveAll(dir) }) // only a temporary folder
	if err := os.Chmod(dir, 0o755); err != nil {                  //nolint:gosec // as the image's root is
		return "", err
	}
	src, err := os.ReadFile("docker/Dockerfile")
	if err != nil {
		return "", err
	}
	for _, run := range regexp.MustCompile(`(?m)^RUN (.*(?:/out/).*)$`).FindAllStringSubmatch(string(src), -1) {
		command := strings.ReplaceAll(run[1], "/out/", dir+"/")
		if strings.Contains(command, "ca-certificates.crt") {
			continue // where they are depends on the machine
		}
		c := exec.Command("sh", "-c", command)
		c.Dir, c.Env = "..", append(os.Environ(), "VERSION=from-docker")
		if out, err := c.CombinedOutput(); err != nil {
			return dir, &commandError{command, string(out), err}
		}
	}
	return dir, nil
})

type commandError struct {
	command, output string
	err             error
}

func (e *commandError) Error() string { return e.command + ": " + e.err.Error() + "\n" + e.output }

// acqsim is the folder with the program that the Dockerfile makes.
func acqsim(t *testing.T) string {
	t.Helper()
	dir, err := image()
	require.NoError(t, err)
	return dir
}

// TestDockerImage runs what would be in the image: as somebody else than root,
// and, where the test may, with nothing but the image's files in sight.
func TestDockerImage(t *testing.T) {
	dir := acqsim(t)
	f, err := elf.Open(filepath.Join(dir, "acqsim"))
	require.NoError(t, err)
	for _, p := range f.Progs {
		assert.NotEqual(t, elf.PT_INTERP, p.Type, "it is not static: it asks for a loader")
	}
	libraries, err := f.ImportedLibraries()
	require.NoError(t, err)
	assert.Empty(t, libraries)
	require.NoError(t, f.Close())

	run := func(args ...string) string {
		c := exec.CommandContext(t.Context(), filepath.Join(dir, "acqsim"), args...)
		c.Env, c.Dir = []string{}, "/"
		if os.Getuid() == 0 {
			c.Path = "/acqsim"
			c.SysProcAttr = &syscall.SysProcAttr{Chroot: dir, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
		}
		out, err := c.CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	if os.Getuid() != 0 {
		t.Log("not run by root: the program is tried as this user, and sees this machine's files")
	}
	assert.Contains(t, run("version"), "from-docker")
	assert.Contains(t, run("run", "reply-lost", "wrong-stan"), "2 passed, 0 failed, 0 could not be run, 0 skipped")
}
