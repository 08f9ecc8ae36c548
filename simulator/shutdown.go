package simulator

import (
	"context"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// Shutdown stops accepting, lets the connections finish what has been read,
// and closes them. When ctx ends first, it cuts off what is left and returns
// the context's error. Calls after the first return nil.
func (s *Server) Shutdown(ctx context.Context) (err error) {
	s.once.Do(func() { err = s.shutdown(ctx) })
	return err
}

// Close is Shutdown without waiting.
func (s *Server) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.Shutdown(ctx)
	return nil
}

func (s *Server) shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for c := range s.conns {
		c.finish()
	}
	s.mu.Unlock()
	for _, l := range s.listeners {
		l.leave(s)
		_ = l.net.Close()
	}
	close(s.stop)
	s.halt()
	s.accepting.Wait()

	ended := make(chan struct{})
	go func() {
		s.idle.Wait()
		close(ended)
	}()
	why := "all connections had finished"
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
		why = "the time to finish was over"
		s.end()
		for _, c := range s.connections() {
			c.cut() // which tells what becomes of replies
		}
		<-ended
	}
	s.crowd.close()
	s.seen.giveUp()
	s.record(transcript.Event{Kind: transcript.Stopped, Actor: transcript.Acqsim, Text: why})
	s.end()
	s.closeJournal()
	return err
}

// pause waits, unless the server is stopped meanwhile.
func (s *Server) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.stop:
		return false
	}
}
