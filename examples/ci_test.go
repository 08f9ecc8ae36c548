//go:build linux

package examples_test

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// firmware is a folder with the terminal in Python: what CI checks out.
func firmware(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"terminal.py", "iso87.py"} {
		src, err := os.ReadFile(filepath.Join("python-terminal", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), src, 0o600))
	}
	return dir
}

// runJob runs a job's command in the folder, with the program of this tree as
// what the job has installed.
func runJob(t *testing.T, dir, command string) (output string, exit int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command)
	c.Dir, c.Env = dir, append(os.Environ(), "PATH="+acqsim(t)+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	if err != nil {
		require.NotNil(t, c.ProcessState, "%v", err)
	}
	return string(out), c.ProcessState.ExitCode()
}

// reported checks the files that a job has to have written.
func reported(t *testing.T, dir string, paths []string, passed int) {
	t.Helper()
	for _, path := range paths {
		assert.FileExists(t, filepath.Join(dir, strings.TrimSuffix(path, "/"), map[bool]string{true: "reply-lost.jsonl"}[strings.HasSuffix(path, "/")]))
	}
	src, err := os.ReadFile(filepath.Join(dir, "acqsim.xml"))
	require.NoError(t, err)
	var junit struct {
		Suites []struct {
			Cases []struct {
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(src, &junit))
	n := 0
	for _, s := range junit.Suites {
		for _, c := range s.Cases {
			assert.Nil(t, c.Failure, c.Name)
			assert.Nil(t, c.Error, c.Name)
			if c.Skipped == nil {
				n++
			}
		}
	}
	assert.GreaterOrEqual(t, n, passed)
}

// install is how jobs come by acqsim. It is the one command that is not run: the
// version that is tested is that of this tree.
const install = `go install "github.com/acqsim/acqsim/cmd/acqsim@$ACQSIM_VERSION"`

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	src, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, yaml.UnmarshalWithOptions(src, into, yaml.Strict()))
}

func TestGitHubWorkflow(t *testing.T) {
	needPython(t)
	type step struct {
		Name, Uses, Run, If string
		With                map[string]any
	}
	var w struct {
		Name        string
		On          map[string]any
		Permissions map[string]string
		Env         map[string]string
		Jobs        map[string]struct {
			RunsOn         string `yaml:"runs-on"`
			TimeoutMinutes int    `yaml:"timeout-minutes"`
			Steps          []step
		}
	}
	readYAML(t, "github-actions/acqsim.yml", &w)
	assert.Equal(t, map[string]string{"contents": "read"}, w.Permissions)
	job := w.Jobs["firmware"]
	assert.Regexp(t, `^ubuntu-\d+\.\d+$`, job.RunsOn)
	assert.Positive(t, job.TimeoutMinutes)
	dir, ran, uploaded := firmware(t), 0, []string{}
	for _, s := range job.Steps {
		switch {
		case s.Uses != "":
			assert.Regexp(t, `^actions/[a-z-]+@[0-9a-f]{40}$`, s.Uses, "an action is pinned to a commit")
			if strings.Contains(s.Uses, "upload-artifact") {
				assert.Contains(t, s.If, "!cancelled()", "reports of a job that failed are those that are wanted")
				uploaded = strings.Fields(s.With["path"].(string))
			}
		case s.Run != install:
			ran++
			out, exit := runJob(t, dir, s.Run)
			assert.Equal(t, 0, exit, out)
			assert.Regexp(t, `(?m)^\d+ passed, 0 failed, 0 could not be run, `, out)
		}
	}
	assert.Equal(t, 1, ran, "the step that runs acqsim was not found")
	assert.ElementsMatch(t, []string{"acqsim.xml", "acqsim.html", "transcripts/"}, uploaded)
	reported(t, dir, uploaded, 60)
}

func TestGitLabJob(t *testing.T) {
	needPython(t)
	var w map[string]struct {
		Image, Timeout string
		Variables      map[string]string
		BeforeScript   []string `yaml:"before_script"`
		Script         []string
		Artifacts      struct {
			When     string
			ExpireIn string `yaml:"expire_in"`
			ExposeAs string `yaml:"expose_as"`
			Paths    []string
			Reports  map[string]string
		}
	}
	readYAML(t, "gitlab/.gitlab-ci.yml", &w)
	require.Len(t, w, 1)
	job := w["acqsim"]
	assert.Regexp(t, `^golang:\d+\.\d+\.\d+-\S+$`, job.Image, "an image has a version")
	assert.Contains(t, job.BeforeScript, install)
	require.Len(t, job.Script, 1)
	assert.Equal(t, "always", job.Artifacts.When)
	assert.Equal(t, map[string]string{"junit": "acqsim.xml"}, job.Artifacts.Reports)
	assert.Contains(t, job.Artifacts.Paths, job.Artifacts.Reports["junit"])

	dir := firmware(t)
	out, exit := runJob(t, dir, job.Script[0])
	assert.Equal(t, 0, exit, out)
	reported(t, dir, job.Artifacts.Paths, 6)

	// Firmware that forgets its reversals fails the job, and leaves the reports.
	dir = firmware(t)
	file := filepath.Join(dir, "terminal.py")
	src, err := os.ReadFile(file)
	require.NoError(t, err)
	broken := regexp.MustCompile(`(?m)^(    def reverse_pending\(self\):\n.*\n)`).ReplaceAll(src, []byte("$1        return True\n"))
	require.NotEqual(t, src, broken)
	require.NoError(t, os.WriteFile(file, broken, 0o600))
	out, exit = runJob(t, dir, job.Script[0])
	assert.Equal(t, 1, exit, out)
	for _, path := range []string{"acqsim.xml", "acqsim.html", "transcripts/reply-lost.jsonl"} {
		assert.FileExists(t, filepath.Join(dir, path))
	}
}
