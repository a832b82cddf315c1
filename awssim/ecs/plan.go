package ecs

// percentUp and percentDown are percent of n, rounded as ECS rounds minimumHealthyPercent and maximumPercent.
func percentUp(n, percent int) int   { return (n*percent + 99) / 100 }
func percentDown(n, percent int) int { return n * percent / 100 }

// counted is what the scheduler sees of a service's tasks that are not on their way out.
type counted struct {
	desired          int
	minimum, maximum int // percent

	// Of the primary deployment.
	starting  int // not yet RUNNING
	waiting   int // RUNNING, not yet healthy
	healthy   int
	unhealthy int // health checks failed, past the grace period

	// Of the other deployments.
	oldServing int // RUNNING, and no health check has failed
	oldOther   int

	stalled bool // the primary deployment failed: nothing is started and the old tasks stay
}

// step is what the scheduler may do at once.
type step struct {
	start         int // tasks of the primary deployment
	stopOld       int // serving tasks of the others
	stopOldOther  int // tasks of the others that serve nobody
	stopExtra     int // tasks of the primary deployment beyond the desired count
	stopUnhealthy int // tasks of the primary deployment
	stuck         bool
}

func (p step) stops() bool { return p.stopOld+p.stopOldOther+p.stopExtra+p.stopUnhealthy > 0 }

// plan decides the next step. Not more than maximumPercent of the desired count (rounded down) may be there, and not fewer
// than minimumHealthyPercent (rounded up) may be healthy because of a stop; an old task that runs and has not failed its checks
// counts as healthy there. (API reference: DeploymentConfiguration.)
func plan(c counted) step {
	if c.stalled {
		return c.stall()
	}
	var p step
	room := percentDown(c.desired, c.maximum) - c.primary() - c.oldServing - c.oldOther
	want := c.desired - (c.primary() - c.unhealthy)
	p.start = clamp(want, 0, room)
	p.stopOldOther = c.oldOther
	p.stopOld = clamp(c.healthy+c.oldServing-percentUp(c.desired, c.minimum), 0, c.oldServing)
	p.stopExtra = max(0, -want)
	p.stopUnhealthy = c.replaced(want, room)
	p.stuck = want > 0 && p.start == 0 && !p.stops() && c.starting+c.waiting == 0
	return p
}

// stall only follows the desired count downwards.
func (c counted) stall() step {
	p := step{stopExtra: max(0, c.primary()-c.unhealthy-c.desired), stopOld: clamp(c.oldServing-c.desired, 0, c.oldServing)}
	if c.desired == 0 {
		p.stopOldOther, p.stopUnhealthy = c.oldOther, c.unhealthy
	}
	return p
}

func (c counted) primary() int { return c.starting + c.waiting + c.healthy + c.unhealthy }

// replaced is how many unhealthy tasks may stop. A replacement is started first where there is room, and the unhealthy task
// stops when the replacement has proved itself either way; without room unhealthy tasks stop one by one. (Developer guide:
// "Amazon ECS services", how the scheduler replaces unhealthy tasks.)
func (c counted) replaced(want, room int) int {
	n := clamp(c.primary()-c.desired-c.starting-c.waiting, 0, c.unhealthy)
	if n == 0 && want > 0 && room <= 0 && c.unhealthy > 0 {
		return 1
	}
	return n
}

// clamp keeps n from low to high; low wins where high is below it.
func clamp(n, low, high int) int { return max(low, min(n, high)) }
