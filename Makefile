# `make` lists the targets. Variables of docker-compose.yml may be set on the line: COMPRESSION_ALGORITHM=zlib make client

COMPOSE = $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
# npm writes this file at the end of an installation.
INSTALLED = node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help demo test check benchmark system-packages build run client logs stop test-image compose-test clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): package-lock.json
	npm ci --loglevel=error
	@touch $@

demo: $(INSTALLED) ## see it work: a receiver and a shipper at full speed for ten seconds, then the check of the archive
	@npm run --silent demo

test: $(INSTALLED) system-packages ## run all tests
	npm test

check: $(INSTALLED) ## format, lint, types, generated docs
	npm run check

# Not in a container: it needs the development packages, which the images leave out, and measures the machine as it is.
benchmark: $(INSTALLED) ## measure throughput and CPU
	npm run benchmark

# Some tests read the archive with programs that are not ours, look at pages with chromium, speak Thrift with its compiler's
# Python (whose library needs six, and does not bring it), and start a redis-server, a nats-server and a PostgreSQL of their
# own: the system is kept from starting one.
system-packages:
	@missing=; for tool in python3 gzip openssl curl redis-server nats-server chromium; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$$missing postgresql"; \
	command -v thrift >/dev/null || missing="$$missing thrift-compiler"; \
	for python in python3 /usr/bin/python3; do $$python -c 'import thrift.protocol.TProtocol' 2>/dev/null && has_thrift=1; done; \
	[ -n "$$has_thrift" ] || missing="$$missing python3-thrift python3-six"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  policy=/usr/sbin/policy-rc.d; \
	  if [ -e $$policy ]; then policy=; else printf '#!/bin/sh\nexit 101\n' >$$policy && chmod +x $$policy; fi; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing; installed=$$?; \
	  [ -z "$$policy" ] || rm $$policy; \
	  [ $$installed -ne 0 ] || exit 0; \
	fi; \
	echo "system-packages: not found:$$missing. Tests that need them will say so; install them with your package manager."

build: ## build the images of the server and the client
	$(COMPOSE) build

run: ## start the server in the background
	$(COMPOSE) up -d --build server

client: ## run one client to its end; ARGS='--batch 500 --interval 10' passes flags
	$(COMPOSE) build --quiet client
	@[ -t 0 ] && [ -t 1 ] || no_tty=-T; $(COMPOSE) run --rm $$no_tty client $(ARGS)

logs: ## follow the logs
	$(COMPOSE) logs --follow --tail=100

stop: ## stop the containers; the archive stays
	$(COMPOSE) stop

test-image: ## run all tests in a container
	docker build -f Dockerfile.test -t logferry-test .
	docker run --rm logferry-test

compose-test: ## bring docker-compose.yml up, kill containers while they work, count what is stored; TEST=base or TEST=cluster for one
	deploy/compose_test $(TEST)

clean: ## remove the containers, the volumes (the archive!), the images and dist/
	rm -rf dist
	$(COMPOSE) down --volumes --rmi all --remove-orphans
	@docker image rm logferry-test 2>/dev/null || true
	docker image prune --force --filter label=project=logferry
