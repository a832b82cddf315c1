package states

import "slices"

// Forget drops the executions that AWS has forgotten: their histories are the largest thing here.
func (s *Service) Forget() {
	s.started = slices.DeleteFunc(s.started, func(x *execution) bool {
		old := x.forgotten()
		if old && s.runs[x.arn] == x {
			delete(s.runs, x.arn)
		}
		return old
	})
}
