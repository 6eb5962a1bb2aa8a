#!/usr/bin/env node
import '../dist/cli/attach.js'
