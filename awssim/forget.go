package awssim

// forget drops what AWS would no longer show, or what nobody can ask for, so that a laptop's Sim can run for weeks. It is not
// done in virtual time, where it would only add turns to the traces of tests that do not run so long.
func (s *Sim) forget() {
	s.ECR.Forget()
	s.ECS.Forget()
	s.Logs.Forget()
	s.SQS.Forget()
	s.States.Forget()
	if tasks, ok := s.Tasks.(interface{ Forget() }); ok {
		tasks.Forget()
	}
}
