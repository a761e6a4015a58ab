package provider

// queue holds the outputs that the host has not taken. Its memory is reused once
// it ran empty, which it does after each event of a host that drains.
type queue struct {
	items []Output
	head  int
}

func (q *queue) push(o Output) { q.items = append(q.items, o) }

func (q *queue) pop() (Output, bool) {
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
		return Output{}, false
	}
	o := q.items[q.head]
	q.items[q.head] = Output{} // let go of the payload
	q.head++
	return o, true
}
