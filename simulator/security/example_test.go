package security_test

import (
	"fmt"

	"github.com/acqsim/acqsim/simulator/security"
)

// A sign-on: the host sends working keys, the terminal opens them, and both
// agree on the MAC of the next message.
func Example() {
	tmk := security.DefaultTMK()

	host := security.DeriveSession(1, "10000001", 1, security.DownloadDouble)
	de62, err := host.Cryptogram(tmk, security.DownloadDouble)
	if err != nil {
		fmt.Println(err)
		return
	}

	terminal, err := security.OpenCryptogram(tmk, de62)
	if err != nil {
		fmt.Println(err)
		return
	}
	sign, err := security.NewMAC(security.CUPECB, terminal.MAC)
	if err != nil {
		fmt.Println(err)
		return
	}
	check, err := security.NewMAC(security.CUPECB, host.MAC)
	if err != nil {
		fmt.Println(err)
		return
	}
	message := []byte("MTI to DE 63")
	de64 := sign.Sum1(message)
	fmt.Println(len(de62), check.Verify(de64[:], message))
	fmt.Println(tmk)
	// Output:
	// 40 true
	// key(16 bytes, KCV 08D7B4FB)
}
