package sqs

// Forget drops the messages that are past their queue's retention, of queues too that nobody reads.
func (s *Service) Forget() {
	for _, q := range s.queues {
		q.expire(s.clock.Now())
	}
}
