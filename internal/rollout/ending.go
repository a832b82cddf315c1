package rollout

import "slipway/internal/record"

// Ending is how an execution ends. Package record has them all, because it keeps them; these are the names that programs use.
type Ending = record.Ending

const (
	Deployed         = record.EndingDeployed
	NothingToDo      = record.EndingNothingToDo
	SupersededEnding = record.EndingSuperseded
	RejectedEnding   = record.EndingRejected
	RolledBackEnding = record.EndingRolledBack
)

// Endings are all endings, in the order of the story.
func Endings() []Ending { return record.Endings() }
