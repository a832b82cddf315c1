package laptop

import "slipway/awssim/elbv2"

// Port is where a port of a task lies on this machine: elsewhere, if it is a privileged one that this user may not bind.
func (l *Laptop) Port(port int) int {
	if tasks, ok := l.sim.Tasks.(elbv2.Ports); ok {
		return tasks.Port(port)
	}
	return port
}

// PortNote tells people which ports of tasks are moved, and where to; "" if none are.
func (l *Laptop) PortNote() string {
	if tasks, ok := l.sim.Tasks.(interface{ PortNote() string }); ok {
		return tasks.PortNote()
	}
	return ""
}
