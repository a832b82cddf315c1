package local

import (
	"fmt"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/image"
)

// decide is the line for what the function push decided, "" where an execution was started, which has lines of its own.
func (s *said) decide(d laptop.Decision) string {
	ref, _ := image.Parse(d.Image) // some decisions name none
	switch d.Message {
	case "the tag has moved on":
		s.moved = d.Pushed
		return printed(d.At, "-", d.Service, fmt.Sprintf("%s is not deployed: the tag %s has moved on", d.Pushed, d.Tag))
	case "push":
		moved := s.moved == ref.Digest.Short()
		s.moved = ""
		if d.Matching > 0 || moved {
			return ""
		}
		words := "no service follows it"
		if d.Followers > 0 {
			words = "no service follows this tag: their slipway:follow leaves it out"
		}
		return printed(d.At, "-", "push "+ref.Repository+":"+d.Tag, words)
	case "push ignored":
		if ref.Digest == "" {
			return "" // a part of an image, which is pushed after it
		}
		return printed(d.At, "-", "push "+ref.Repository+" "+ref.Name(), "it is not deployed: "+d.Why)
	case "nothing new to deploy":
		words := d.Why
		if words == "" {
			words = d.Wished + " was asked for already"
		}
		return printed(d.At, "-", d.Service, d.Pushed+" is not deployed: "+words)
	}
	return ""
}
