package journal

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// numbered returns an event that knows which one it is: its text, its frame
// and its posting all say n.
func numbered(n int) transcript.Event {
	text := fmt.Sprint(n)
	return transcript.Event{
		Kind:     transcript.Note,
		Text:     text,
		Raw:      []byte(text),
		Secrets:  []transcript.Secret{{Field: n, Kind: "pan"}},
		Postings: []transcript.Posting{{From: text, Amount: int64(n)}},
	}
}

// requireWhole makes sure that all parts of an event still belong together.
func requireWhole(t require.TestingT, e transcript.Event) {
	require.Equal(t, e.Text, string(e.Raw), "event %d", e.Seq)
	require.Len(t, e.Secrets, 1)
	require.Equal(t, e.Text, fmt.Sprint(e.Secrets[0].Field))
	require.Len(t, e.Postings, 1)
	require.Equal(t, e.Text, e.Postings[0].From)
}

func closeJournal(t testing.TB, j *Journal) {
	require.NoError(t, j.Close(context.Background()))
}
