package protocol

// Identity is the account and region that awssim plays.
type Identity struct{ Account, Region string }

// Default is the identity of a simulator that was told none.
var Default = Identity{Account: "123456789012", Region: "eu-west-1"}

// ARN names a resource of the account and region: ARN("ecs", "cluster/shop").
func (id Identity) ARN(service, resource string) string {
	return "arn:aws:" + service + ":" + id.Region + ":" + id.Account + ":" + resource
}
