package update

// sorter sorts an array exactly as V8 sorts one (Node, Chromium): a merge sort of
// the stretches that are in order already, which looks ahead in growing strides
// while one side keeps winning (Tim Peters's timsort). For a consistent order
// any stable sort gives the same; what Yjs compares with is not always consistent
// (see queue), and then each comparison counts, so the order of comparisons here
// must stay as it is.
//
// Source: V8's third_party/v8/builtins/array-sort.tq, #ArrayTimSortImpl and on.
type sorter struct {
	m    *merger
	a    []node
	temp []node
	runs []stretch
	wins int // how many times one side must win in a row before strides begin
}

// stretch is a part of the array that is in order.
type stretch struct{ at, n int }

// usualWins is what wins begins with; with fewer in a row strides end.
const usualWins = 7

func (s *sorter) sort(m *merger, a []node) {
	if len(a) < 2 {
		return
	}
	s.m, s.a, s.runs, s.wins = m, a, s.runs[:0], usualWins
	least := leastStretch(len(a))
	for at := 0; at < len(a); {
		n := s.count(a[at:])
		if want := min(least, len(a)-at); n < want {
			s.insert(a[at:at+want], n)
			n = want
		}
		s.runs = append(s.runs, stretch{at, n})
		s.collapse()
		at += n
	}
	for n := len(s.runs); n > 1; n = len(s.runs) {
		if n > 2 && s.runs[n-3].n < s.runs[n-1].n {
			s.merge(n - 3)
		} else {
			s.merge(n - 2)
		}
	}
}

// leastStretch is the length to which short stretches are extended: n itself
// below 64, else such that n divided by it is a power of two or a little less.
func leastStretch(n int) int {
	odd := 0
	for n >= 64 {
		odd |= n & 1
		n >>= 1
	}
	return n + odd
}

// count returns how many elements at the start are in order, and turns them round
// if it is a strictly descending one.
func (s *sorter) count(a []node) int {
	if len(a) < 2 {
		return len(a)
	}
	n := 2
	descending := s.m.less(&a[1], &a[0])
	for n < len(a) && s.m.less(&a[n], &a[n-1]) == descending {
		n++
	}
	if descending {
		for i, k := 0, n-1; i < k; i, k = i+1, k-1 {
			a[i], a[k] = a[k], a[i]
		}
	}
	return n
}

// insert sorts a, whose first n elements are in order.
func (s *sorter) insert(a []node, n int) {
	for ; n < len(a); n++ {
		pivot := a[n]
		lo, hi := 0, n
		for lo < hi {
			if mid := lo + (hi-lo)/2; s.m.less(&pivot, &a[mid]) {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		copy(a[lo+1:n+1], a[lo:n])
		a[lo] = pivot
	}
}

// collapse merges stretches until each is longer than the two after it together.
func (s *sorter) collapse() {
	grows := func(i int) bool { return i >= 2 && s.runs[i-2].n <= s.runs[i-1].n+s.runs[i].n }
	for n := len(s.runs); n > 1; n = len(s.runs) {
		switch {
		case grows(n-1) || grows(n-2):
			if s.runs[n-3].n < s.runs[n-1].n {
				s.merge(n - 3)
			} else {
				s.merge(n - 2)
			}
		case s.runs[n-2].n <= s.runs[n-1].n:
			s.merge(n - 2)
		default:
			return
		}
	}
}

// merge merges stretch i with the next.
func (s *sorter) merge(i int) {
	a, b := s.runs[i], s.runs[i+1]
	s.runs[i].n += b.n
	s.runs = append(s.runs[:i+1], s.runs[i+2:]...)
	// What is in place already at either end needs no merging.
	k := s.after(&s.a[b.at], s.a[a.at:a.at+a.n], 0)
	a.at, a.n = a.at+k, a.n-k
	if a.n == 0 {
		return
	}
	b.n = s.until(&s.a[a.at+a.n-1], s.a[b.at:b.at+b.n], b.n-1)
	if b.n == 0 {
		return
	}
	if a.n <= b.n {
		s.mergeUp(a, b)
	} else {
		s.mergeDown(a, b)
	}
}

// until returns how many elements of a, which is in order, are less than key. It
// looks from hint on in strides.
func (s *sorter) until(key *node, a []node, hint int) int {
	less := func(i int) bool { return s.m.less(&a[i], key) }
	return stride(len(a), hint, less)
}

// after returns how many elements of a, which is in order, key is not less than.
// It looks from hint on in strides.
func (s *sorter) after(key *node, a []node, hint int) int {
	notAfter := func(i int) bool { return !s.m.less(key, &a[i]) }
	return stride(len(a), hint, notAfter)
}

// stride returns the first of n places for which low is false. From hint on it
// looks 1, 3, 7... places away until the answer changes, and halves the last step.
func stride(n, hint int, low func(int) bool) int {
	last, step := 0, 1
	var lo, hi int
	if low(hint) {
		most := n - hint
		for step < most && low(hint+step) {
			last, step = step, 2*step+1
		}
		lo, hi = hint+last, hint+min(step, most)
	} else {
		most := hint + 1
		for step < most && !low(hint-step) {
			last, step = step, 2*step+1
		}
		lo, hi = hint-min(step, most), hint-last
	}
	for lo++; lo < hi; {
		if mid := lo + (hi-lo)/2; low(mid) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return hi
}

// mergeUp merges stretch a, which is not longer, with b after it, from the lower
// end. The first of b comes before all of a, and the last of a after all of b.
func (s *sorter) mergeUp(a, b stretch) {
	s.temp = append(s.temp[:0], s.a[a.at:a.at+a.n]...)
	left, right, to := s.temp, s.a[b.at:b.at+b.n], a.at
	takeLeft := func(n int) {
		to += copy(s.a[to:], left[:n])
		left = left[n:]
	}
	takeRight := func(n int) {
		to += copy(s.a[to:], right[:n])
		right = right[n:]
	}
	done := func() bool { return len(right) == 0 || len(left) <= 1 }
	takeRight(1)
merging:
	for wins := s.wins; !done(); s.wins = wins {
		leftWins, rightWins := 0, 0
		for leftWins < wins && rightWins < wins {
			if s.m.less(&right[0], &left[0]) {
				takeRight(1)
				leftWins, rightWins = 0, rightWins+1
			} else {
				takeLeft(1)
				leftWins, rightWins = leftWins+1, 0
			}
			if done() {
				break merging
			}
		}
		wins++
		for again := true; again; again = leftWins >= usualWins || rightWins >= usualWins {
			wins = max(1, wins-1)
			s.wins = wins
			leftWins = s.after(&right[0], left, 0)
			takeLeft(leftWins)
			if done() {
				break merging
			}
			takeRight(1)
			if done() {
				break merging
			}
			rightWins = s.until(&left[0], right, 0)
			takeRight(rightWins)
			if done() {
				break merging
			}
			takeLeft(1)
			if done() {
				break merging
			}
		}
		wins++
	}
	takeRight(len(right))
	takeLeft(len(left))
}

// mergeDown merges stretch a with b after it, which is shorter, from the upper
// end. The first of b comes before all of a, and the last of a after all of b.
func (s *sorter) mergeDown(a, b stretch) {
	s.temp = append(s.temp[:0], s.a[b.at:b.at+b.n]...)
	left, right, end := s.a[a.at:a.at+a.n], s.temp, b.at+b.n
	takeLeft := func(n int) {
		end -= n
		copy(s.a[end:end+n], left[len(left)-n:])
		left = left[:len(left)-n]
	}
	takeRight := func(n int) {
		end -= n
		copy(s.a[end:end+n], right[len(right)-n:])
		right = right[:len(right)-n]
	}
	done := func() bool { return len(left) == 0 || len(right) <= 1 }
	takeLeft(1)
merging:
	for wins := s.wins; !done(); s.wins = wins {
		leftWins, rightWins := 0, 0
		for leftWins < wins && rightWins < wins {
			if s.m.less(&right[len(right)-1], &left[len(left)-1]) {
				takeLeft(1)
				leftWins, rightWins = leftWins+1, 0
			} else {
				takeRight(1)
				leftWins, rightWins = 0, rightWins+1
			}
			if done() {
				break merging
			}
		}
		wins++
		for again := true; again; again = leftWins >= usualWins || rightWins >= usualWins {
			wins = max(1, wins-1)
			s.wins = wins
			leftWins = len(left) - s.after(&right[len(right)-1], left, len(left)-1)
			takeLeft(leftWins)
			if done() {
				break merging
			}
			takeRight(1)
			if done() {
				break merging
			}
			rightWins = len(right) - s.until(&left[len(left)-1], right, len(right)-1)
			takeRight(rightWins)
			if done() {
				break merging
			}
			takeLeft(1)
			if done() {
				break merging
			}
		}
		wins++
	}
	takeLeft(len(left))
	takeRight(len(right))
}
