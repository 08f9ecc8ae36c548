package simulator_test

import (
	"context"
	"fmt"
	"net"

	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// An acquirer in a Go test takes ten lines: the zero value of everything but
// the listeners is an open world, books in memory, and a free port.
func Example() {
	d, err := dialect.Load("iso87-ascii")
	if err != nil {
		panic(err)
	}
	s, err := simulator.Start(context.Background(), simulator.Options{
		Listeners: []simulator.Listener{{Address: "127.0.0.1:0", Dialect: d}},
	})
	if err != nil {
		panic(err)
	}
	defer s.Close()

	c, err := net.Dial("tcp", s.Addr(0).String()) // your terminal here
	if err != nil {
		panic(err)
	}
	defer c.Close()
	fmt.Fprint(c, "0035"+"0800"+"0020000000800000"+"000001"+"10000001 "[:9]) // a test call without DE 70
	reply := make([]byte, 8)
	if _, err := c.Read(reply); err != nil {
		panic(err)
	}
	fmt.Println(string(reply[4:]))
	// Output: 0810
}
