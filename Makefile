# Everything that is done with this repository. `make` alone says what there is.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
VERBS       := push claim update probe rollback settle drift
STACK       := slipway
ENV         ?= dev
SPEED       ?= 1
export CGO_ENABLED := 0

# One line of samconfig.toml: $(call setting,global,region). sam and the plain CLI read the same file. Quotes within a text are
# written \" there and reach the shell as quotes.
CONFIG       ?= samconfig.toml
ENVIRONMENTS := $(shell sed -n 's/^\[\(.*\)\.global\.parameters\]/\1/p' $(CONFIG))
setting       = $(shell sed -n '/^\[$(ENV)\.$(1)\.parameters\]/,/^$$/{/^$(2) = /{s///;s/^"\(.*\)"$$/\1/;s/\\"/"/g;p;};}' $(CONFIG) | head -1)
REGION       ?= $(call setting,global,region)
PROFILE      ?= $(call setting,global,profile)
PARAMETERS   ?= $(call setting,deploy,parameter_overrides)
CONFIRM      := $(if $(filter 1,$(YES)),,$(filter true,$(call setting,deploy,confirm_changeset)))
AWS          := aws --region $(REGION)$(if $(PROFILE), --profile $(PROFILE))

LAMBDA_BUILD := go build -tags lambda.norpc -trimpath -ldflags "-s -w"

.DEFAULT_GOAL := help
.PHONY: help build bench demo local cli-check test seeds check deploy deploy-sam delete clean tools functions environment

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  ENV=dev|staging|prod chooses a section of samconfig.toml (now: $(ENV), $(REGION))"

build: ## build the seven functions for AWS (arm64) into dist/
	@for verb in $(VERBS); do \
	  GOOS=linux GOARCH=arm64 $(LAMBDA_BUILD) -o dist/$$verb/bootstrap ./functions/$$verb; \
	done
	@du -ch dist/*/bootstrap | tail -1 | awk '{print "dist/: $(words $(VERBS)) functions, arm64, " $$1}'

demo: tools functions ## watch it work on this machine: no AWS account, no Docker
	@bin/slipway demo

local: tools functions ## a small AWS on this machine for your own clients (SPEED=10: ten times faster; PORT=4567: another port)
	@bin/slipway local --speed $(SPEED)$(if $(PORT), --port $(PORT))

tools:
	@go build -trimpath -o bin/slipway ./cmd/slipway
	@go build -trimpath -ldflags "-s -w" -o bin/pingpong ./examples/pingpong

functions:
	@for verb in $(VERBS); do $(LAMBDA_BUILD) -o bin/functions/$$verb/bootstrap ./functions/$$verb; done

bench: ## measure sizes, starts, costs and speed; UPDATE=1 writes them into docs/performance.md
	@go run ./bench -build '$(LAMBDA_BUILD)' -verbs "$(VERBS)" $(if $(UPDATE),-update docs/performance.md) $(if $(ONLY),-only $(ONLY))

test: ## run all tests
	go test ./...

SEEDS ?= 200
seeds: ## play SEEDS=200 seeds twice each and compare what happened, turn by turn
	go test ./scenarios -count=1 -v -run TestSameSeedSameTrace -seeds $(SEEDS)

check: ## formatting, vet, staticcheck, and cfn-lint where it is installed
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt -w these: $$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...
	@if command -v cfn-lint >/dev/null; then cfn-lint -t template.yaml -r $(REGION); \
	else echo "SKIPPED: cfn-lint is not installed, the template was not linted"; fi

cli-check: tools functions ## the commands of docs/awssim.md, with the aws CLI, boto3, moto, skopeo and crane where they are installed
	@hack/awscli
	@hack/boto3
	@hack/moto
	@hack/pushes

environment:
	$(if $(filter $(ENV),$(ENVIRONMENTS)),,$(error $(CONFIG) has no section [$(ENV).global.parameters]; ENV is one of: $(ENVIRONMENTS)))
	$(if $(REGION),,$(error $(CONFIG) names no region in [$(ENV).global.parameters]))
	@:

deploy: environment build ## put it into your AWS account with the plain aws CLI; asks first where samconfig.toml says so (YES=1: does not)
	@account=$$($(AWS) sts get-caller-identity --query Account --output text); \
	bucket=$(STACK)-artifacts-$$account-$(REGION); \
	if ! $(AWS) s3api head-bucket --bucket $$bucket 2>/dev/null; then $(AWS) s3 mb s3://$$bucket; fi; \
	$(AWS) cloudformation package --template-file template.yaml --s3-bucket $$bucket --s3-prefix $(STACK) \
	  --output-template-file dist/packaged.yaml >/dev/null; \
	set -f; \
	$(if $(CONFIRM),AWS="$(AWS)" scripts/confirm $(STACK),$(AWS) cloudformation deploy --stack-name $(STACK)) \
	  --template-file dist/packaged.yaml --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \
	  $(if $(strip $(PARAMETERS)),--parameter-overrides $(PARAMETERS))
	@$(AWS) cloudformation describe-stacks --stack-name $(STACK) --output text \
	  --query 'Stacks[0].Outputs[].[OutputKey,Description,OutputValue]' | awk -F '\t' '{printf "  %-18s %s\n  %18s %s\n", $$1, $$2, "", $$3}'
	@AWS="$(AWS)" scripts/told $(STACK)

deploy-sam: environment build ## the same with the sam CLI
	sam deploy --config-env $(ENV)

delete: environment ## remove the stack, after a question (YES=1: without); says what stays
	@AWS="$(AWS)" YES="$(YES)" scripts/delete $(STACK) $(REGION)

clean: ## remove what was built
	rm -rf bin dist .aws-sam
