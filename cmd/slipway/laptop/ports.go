package laptop

// PortNote tells people which ports of tasks are moved on this machine, because its user may not bind them; "" if none are.
func (l *Laptop) PortNote() string {
	if tasks, ok := l.sim.Tasks.(interface{ PortNote() string }); ok {
		return tasks.PortNote()
	}
	return ""
}
