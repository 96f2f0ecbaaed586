// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { include: ['*.spec.mjs'], globalSetup: './start.mjs', testTimeout: 60_000, hookTimeout: 60_000, teardownTimeout: 60_000 } })
