// Package events is EventBridge: the default bus, its rules with their targets, and delivery to them.
