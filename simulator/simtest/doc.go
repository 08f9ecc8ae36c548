// Package simtest is an acquirer for Go tests of terminal software, in the style
// of net/http/httptest: honest, or with causes that make it fail as real ones do.
//
//	s := simtest.Start(t, simtest.Dialect("iso87-ascii"), simtest.Cause("reply-lost"))
//	till := pos.New(s.Addr, s.Terminal, s.Merchant, s.Timeout)
//
//	s.Act(1, "sale", 1000)
//	outcome, code := till.Sale(1000)
//	s.Report(1, outcome, code)
//
//	s.RequireVerdict(t) // each rule that the terminal broke, why, and the evidence
//
// Most rules judge what is seen on the line. Those that also need to know what
// the terminal showed judge only what [Server.Report] has told them.
//
// To run the library's scenarios with all that they make a terminal do, there is
// package suite, and acqsim run.
package simtest
