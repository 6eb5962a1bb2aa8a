#!/usr/bin/env node
import '../dist/cli/detach.js'
