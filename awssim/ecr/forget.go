package ecr

import v1 "github.com/google/go-containerregistry/pkg/v1"

// unusedHours is how many times Forget, which is called once an hour, finds content without a use before it drops it: a push
// brings the layers before the manifest that names them.
const unusedHours = 24

// Forget drops the content that no image of any repository has had for a day.
func (s *Service) Forget() {
	used := map[v1.Hash]bool{}
	for _, r := range s.repos {
		for h, i := range r.images {
			used[h], used[i.config.Digest] = true, true
			for _, l := range i.layers {
				used[l.Digest] = true
			}
		}
	}
	s.blobs.forget(used)
}

func (b *blobs) forget(used map[v1.Hash]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for h := range b.m {
		if used[h] {
			delete(b.unused, h)
			continue
		}
		if b.unused[h]++; b.unused[h] >= unusedHours {
			delete(b.m, h)
			delete(b.unused, h)
		}
	}
}
