package rollout

// Opted are the slipway: tags of a service that the rules need.
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
