package ecr

// Image is what a container reference stands for on one platform: what ECS needs to know before it starts a task.
type Image struct {
	Repository     string // name without the registry's host: "shop/web"
	Digest         string // as referenced: an index's own digest for an index
	ManifestDigest string // the platform's manifest; the same as Digest for a single-platform image
	OS             string
	Architecture   string

	Entrypoint []string
	Cmd        []string
	Env        []string // "NAME=value", as in the image's config
	WorkingDir string
	Labels     map[string]string
}

// PullError says why an image cannot be pulled. Reason is the whole text that ECS shows as a task's stopped reason; it
// begins with AWS's name for it, "CannotPullContainerError".
type PullError struct{ Reason string }

func (e *PullError) Error() string { return e.Reason }
