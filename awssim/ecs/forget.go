package ecs

import "time"

// inactiveFor is how long an INACTIVE service can still be described. AWS says only that it is cleaned up in the future
// (ECS API reference, DeleteService).
const inactiveFor = 24 * time.Hour

// Forget drops the stopped tasks and the deleted services that nobody can or need describe any more.
func (s *Service) Forget() {
	limit := s.now().Add(-inactiveFor)
	for _, cl := range s.clusters {
		s.prune(cl)
		for name, svc := range cl.services {
			if svc.status == serviceInactive && svc.inactiveAt.Before(limit) {
				delete(cl.services, name)
			}
		}
	}
}
