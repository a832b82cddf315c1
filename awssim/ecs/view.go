package ecs

// TaskView is a task as a live display shows it.
type TaskView struct {
	ID            string
	Revision      string // family:revision
	LastStatus    string
	DesiredStatus string
	Health        string // STARTING, WAITING, HEALTHY or UNHEALTHY, as the scheduler counts it; "" for a task that stops
}

// Tasks are the tasks of a service that have not stopped, oldest first; nil when there is no such service.
func (s *Service) Tasks(clusterName, serviceName string) []TaskView {
	cl := s.clusters[clusterName]
	if cl == nil || cl.services[serviceName] == nil {
		return nil
	}
	var views []TaskView
	for _, t := range cl.services[serviceName].tasks {
		v := TaskView{ID: t.id, Revision: lastPart(t.def.arn), LastStatus: t.lastStatus, DesiredStatus: t.desired}
		if t.desired == desiredRunning {
			v.Health = [...]string{"STARTING", "WAITING", "HEALTHY", "UNHEALTHY"}[t.verdict]
		}
		views = append(views, v)
	}
	return views
}
