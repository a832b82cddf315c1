package record

// Ending is how an execution ends, named by what the operator must do. See docs/operations.md.
type Ending string

const (
	EndingDeployed    Ending = "Deployed"
	EndingNothingToDo Ending = "NothingToDo"
	EndingSuperseded  Ending = "Superseded"
	EndingHeld        Ending = "Held"
	EndingRejected    Ending = "Rejected" // nothing was touched
	EndingRolledBack  Ending = "RolledBack"
	EndingStuck       Ending = "Stuck"
)

// Endings are all endings, in the order of the story.
func Endings() []Ending {
	return []Ending{EndingDeployed, EndingNothingToDo, EndingSuperseded, EndingHeld, EndingRejected, EndingRolledBack, EndingStuck}
}

// Green reports whether an execution with this ending succeeds. A deployment that was rolled back is never green.
func (e Ending) Green() bool {
	return e == EndingDeployed || e == EndingNothingToDo || e == EndingSuperseded || e == EndingHeld
}
