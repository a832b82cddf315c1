package awssim

import (
	"fmt"
	"strings"

	"slipway/awssim/cloudformation"
)

// inert are the types that do nothing here. They get ids and attributes, so that references to them resolve.
var inert = map[string]creator{
	"AWS::EC2::VPC": func(p *provider, id string, in properties) (cloudformation.Resource, error) {
		vpc := p.hexID("vpc", id)
		return made(vpc, "VpcId", vpc, "CidrBlock", in.text("CidrBlock"), "DefaultSecurityGroup", p.hexID("sg", id), "DefaultNetworkAcl", p.hexID("acl", id)), nil
	},
	"AWS::EC2::Subnet":                      (*provider).subnet,
	"AWS::EC2::InternetGateway":             byID("igw", "InternetGatewayId"),
	"AWS::EC2::RouteTable":                  byID("rtb", "RouteTableId"),
	"AWS::EC2::Route":                       byID("r", "CidrBlock"),
	"AWS::EC2::NatGateway":                  byID("nat", "NatGatewayId"),
	"AWS::EC2::VPCEndpoint":                 byID("vpce", "Id"),
	"AWS::EC2::SecurityGroup":               byID("sg", "GroupId", "Id"),
	"AWS::EC2::SecurityGroupIngress":        byID("sgr", "Id"),
	"AWS::EC2::SecurityGroupEgress":         byID("sgr", "Id"),
	"AWS::EC2::SubnetRouteTableAssociation": byID("rtbassoc", "Id"),
	"AWS::EC2::VPCGatewayAttachment": func(p *provider, id string, in properties) (cloudformation.Resource, error) {
		return made("IGW|"+in.text("VpcId"), "AttachmentType", "IGW"), nil
	},
	"AWS::EC2::EIP": func(p *provider, id string, in properties) (cloudformation.Resource, error) {
		ip := fmt.Sprintf("203.0.113.%d", p.hash(id)[0]) // documentation addresses, RFC 5737
		return made(ip, "PublicIp", ip, "AllocationId", p.hexID("eipalloc", id)), nil
	},
	"AWS::RDS::DBInstance":    (*provider).database,
	"AWS::RDS::DBSubnetGroup": byName("DBSubnetGroupName", "rds", "subgrp:"),
	"AWS::CloudWatch::Alarm":  byName("AlarmName", "cloudwatch", "alarm:"),
	"AWS::CloudWatch::Dashboard": func(p *provider, id string, in properties) (cloudformation.Resource, error) {
		return made(p.name(in.text("DashboardName"), id, 255)), nil
	},
	"AWS::IAM::InstanceProfile": func(p *provider, id string, in properties) (cloudformation.Resource, error) {
		name := p.name(in.text("InstanceProfileName"), id, 128)
		return made(name, "Arn", "arn:aws:iam::"+p.sim.ID.Account+":instance-profile/"+strings.TrimPrefix(in.text("Path"), "/")+name), nil
	},
}

// byID makes a resource whose Ref and attributes are one generated id.
func byID(prefix string, attributes ...string) creator {
	return func(p *provider, id string, in properties) (cloudformation.Resource, error) {
		ref := p.hexID(prefix, id)
		r := made(ref)
		for _, name := range attributes {
			r.Attributes[name] = ref
		}
		return r, nil
	}
}

// byName makes a resource that is referred to by its name, and has an Arn.
func byName(property, service, kind string) creator {
	return func(p *provider, id string, in properties) (cloudformation.Resource, error) {
		name := p.name(in.text(property), id, 255)
		return made(name, "Arn", p.sim.ID.ARN(service, kind+name)), nil
	}
}

// subnet is remembered with its zone: load balancers and tasks ask where a subnet lies.
func (p *provider) subnet(id string, in properties) (cloudformation.Resource, error) {
	subnet, zone := p.hexID("subnet", id), in.text("AvailabilityZone")
	if zone == "" {
		zone = p.sim.ID.Region + "a"
	}
	p.sim.AddSubnet(subnet, in.text("VpcId"), zone)
	return made(subnet, "SubnetId", subnet, "VpcId", in.text("VpcId"), "AvailabilityZone", zone, "CidrBlock", in.text("CidrBlock")), nil
}

// database has an address that nothing listens on.
func (p *provider) database(id string, in properties) (cloudformation.Resource, error) {
	name := strings.ToLower(p.name(in.text("DBInstanceIdentifier"), id, 63))
	port := in.text("Port")
	if port == "" {
		port = map[bool]string{true: "5432", false: "3306"}[strings.Contains(in.text("Engine"), "postgres")]
	}
	address := name + "." + strings.ToLower(p.hexID("", id)[2:14]) + "." + p.sim.ID.Region + ".rds.amazonaws.com"
	return made(name, "DBInstanceArn", p.sim.ID.ARN("rds", "db:"+name), "Endpoint.Address", address, "Endpoint.Port", port), nil
}
