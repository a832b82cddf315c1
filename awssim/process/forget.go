package process

// unusedHours is how many times Forget, which is called once an hour, finds an unpacked image without a container before it
// removes it: the next task of a service must not unpack again what the last one just left.
const unusedHours = 24

// Forget removes the unpacked images that no container has used for a day. It is called in a turn and does not wait.
func (r *Runtime) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	for digest, f := range r.roots {
		if f.users > 0 {
			continue
		}
		if f.unused++; f.unused >= unusedHours {
			delete(r.roots, digest)
			r.work.Go(f.remove)
		}
	}
}
