// Package terminal is the other end of the line: what a POS terminal says to
// an acquirer, and what it makes of the answer.
//
// [Messages] know how a terminal of a dialect words each transaction; the words
// are data, one YAML file per dialect. [Messages.Request] makes a request of
// them, [Dial] opens a [Line] to a host, and [Line.Exchange] sends the request
// and waits for its reply. What came of it is an [Outcome], one of a closed
// list that everything which reports about terminals uses.
//
// A line runs on moov-io/iso8583-connection, but matches replies itself: that
// library (v0.9.0) deadlocks where a send's timeout meets a disconnect, leaks a
// goroutine for each duplicate reply, and hands replies out in any order. Here
// only its loops and its one-write-per-message path are used; messages are
// taken from its reader, in order, before it tries to match them.
//
// A [Terminal] is a whole POS of all that: it behaves as its profile says, and
// stores what it must not forget before it sends anything. [Bugs] are the
// mistakes of real firmware that it can be given.
//
// The package shares codec and security packages with the host, and none of
// its decisions.
package terminal
