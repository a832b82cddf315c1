// Package ids makes the random names that AWS gives to things, from the clock's seed. What is not here: names that only one
// service has, such as the 19 digits of a deployment of ECS.
package ids

import (
	"fmt"
	"math/rand/v2"
)

// UUID is a version 4 UUID. It draws two numbers from r.
func UUID(r *rand.Rand) string {
	high, low := r.Uint64(), r.Uint64()
	high = high&^0xf000 | 0x4000
	low = low&^(0xc<<60) | 0x8<<60
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xffff, low>>48, low&0xffffffffffff)
}
