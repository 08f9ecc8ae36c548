package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
	"github.com/acqsim/acqsim/simulator/suite/reports"
)

// runReports are the reports that were asked for.
type runReports struct {
	a      *app
	stdout bool // one of them goes there
	all    []runReport
}

type runReport struct {
	form reports.Form
	to   string // file, folder, or - for stdout
}

// openReports finds out, before anything is run, that reports can be written.
func (a *app) openReports(f *runFlags) (*runReports, error) {
	out := &runReports{a: a}
	for _, form := range reports.Forms() {
		to := *f.reports[form.Name]
		if to == "" {
			continue
		}
		out.all = append(out.all, runReport{form, to})
		switch {
		case to == "-" && form.Folder != nil:
			return nil, usagef("--%s takes a folder, which stdout is not", form.Name)
		case to == "-" && out.stdout:
			return nil, usagef("two reports can't both go to stdout: name a file for --%s", form.Name)
		case to == "-":
			out.stdout = true
		case form.Folder != nil:
			if err := os.MkdirAll(to, 0o755); err != nil { //nolint:gosec // a report is for everybody
				return nil, usagef("--%s: the folder can't be made: %w", form.Name, unwrapPath(err))
			}
		default:
			if err := writable(to); err != nil {
				return nil, usagef("--%s: the report can't be written: %w", form.Name, unwrapPath(err))
			}
		}
	}
	return out, nil
}

// writable reports that a file can't be written. What is in it stays.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644) //nolint:gosec // a report is for everybody
	if err != nil {
		return err
	}
	return f.Close()
}

// write writes them.
func (out *runReports) write(r *suite.Report, d *dialect.Dialect) error {
	var failed []error
	for _, x := range out.all {
		if err := out.one(x, r, d); err != nil {
			failed = append(failed, fmt.Errorf("the report of --%s could not be written: %w", x.form.Name, err))
		}
	}
	return errors.Join(failed...)
}

func (out *runReports) one(x runReport, r *suite.Report, d *dialect.Dialect) error {
	switch {
	case x.form.Folder != nil:
		return x.form.Folder(x.to, r)
	case x.to == "-":
		return x.form.Write(out.a.stdout, r, d)
	}
	return writeFile(x.to, func(w io.Writer) error { return x.form.Write(w, r, d) })
}

// writeFile replaces a file as a whole: whoever reads it while it is written
// has the old one.
func writeFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err = write(f); err != nil {
		_ = f.Close()
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Chmod(f.Name(), 0o644); err != nil { //nolint:gosec // a report is for everybody
		return err
	}
	return os.Rename(f.Name(), path)
}
