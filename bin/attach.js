#!/usr/bin/env node
require('../dist/cli/attach.cjs')
