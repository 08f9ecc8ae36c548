// Package bench measures acqsim against the fastest thing that the same
// machine can do with the same bytes: a raw TCP echo.
//
// The servers run in processes of their own ([Serve] is their main function),
// the load in this one, all on loopback. Both servers get the same requests on
// the same number of connections, in turns within one run, so that what the
// machine does besides hits both; ratios are taken pair by pair.
//
// A reply counts only if it belongs to the request that is due on its
// connection and approves it: a host that declines everything is not fast, it
// is wrong, and fails the run.
package bench
