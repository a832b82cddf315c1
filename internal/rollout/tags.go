package rollout

// The tags of a service by which it opts in, and says how it is to be deployed.
const (
	TagRepository   = "slipway:repository"
	TagFollow       = "slipway:follow"
	TagContainer    = "slipway:container"
	TagBake         = "slipway:bake"
	TagTimeout      = "slipway:timeout"
	TagDrift        = "slipway:drift"
	TagInitialCount = "slipway:initial-count"
)

// Tags are all of them.
func Tags() []string {
	return []string{TagRepository, TagFollow, TagContainer, TagBake, TagTimeout, TagDrift, TagInitialCount}
}
