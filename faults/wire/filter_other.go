//go:build !linux

package wire

import "golang.org/x/net/bpf"

func attach(any, []bpf.Instruction) error { return &PlatformError{"dropping what a peer sends"} }

func detach(any) error { return nil }

func dropped(any) (uint32, error) { return 0, &PlatformError{"counting dropped SYNs"} }

func refuse(any) error { return &PlatformError{"refusing connections on a live listener"} }

func listenAgain(any) error { return nil }

func shrink(any) (int, error) { return 0, &PlatformError{"a small receive window"} }

func grow(any, int) error { return nil }

func vanish(any) {}
