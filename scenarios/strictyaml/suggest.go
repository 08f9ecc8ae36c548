package strictyaml

// Closest returns the candidate that was most likely meant by what was
// written, or "" if none is close: at most one slip of the fingers in three
// letters, where two neighbours exchanged are one slip.
func Closest(written string, candidates []string) string {
	const longest = 64 // longer words are not worth the time
	w := []rune(written)
	if len(w) == 0 || len(w) > longest {
		return ""
	}
	best, fewest := "", 1+(len(w)+1)/3
	for _, c := range candidates {
		if c == written || len(c) > 4*longest {
			continue
		}
		if d := slips([]rune(c), w); d < fewest {
			best, fewest = c, d
		}
	}
	return best
}

// slips is the optimal string alignment distance of a and b.
func slips(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
