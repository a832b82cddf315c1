package logs

import "slices"

// Forget drops the events that retention hides, and of what writes here by itself, tasks and functions, the streams that it has
// emptied.
func (s *Service) Forget() {
	for _, g := range s.groups {
		if g.retention == 0 {
			continue
		}
		oldest := s.clock.Now().AddDate(0, 0, -int(g.retention))
		for name, st := range g.streams {
			st.events = slices.Clip(slices.Clone(s.visible(g, st))) // a part would keep the whole
			if len(st.events) == 0 && !st.asked && st.created.Before(oldest) {
				delete(g.streams, name)
			}
		}
	}
}
