//go:build !linux

package wire

func unsent(any) (int, error) { return 0, &PlatformError{"counting unsent bytes"} }
