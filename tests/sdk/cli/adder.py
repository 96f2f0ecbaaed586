# SPDX-License-Identifier: Apache-2.0
"""Adds 1 to the counter "n" of a table so often: python3 adder.py TABLE TIMES. A process of its own, with a CLI inside."""
import sys

from awscli.clidriver import create_clidriver

driver = create_clidriver()
for _ in range(int(sys.argv[2])):
    code = driver.main(["dynamodb", "update-item", "--table-name", sys.argv[1], "--key", '{"pk": {"S": "n"}}',
                        "--update-expression", "ADD n :one", "--expression-attribute-values", '{":one": {"N": "1"}}'])
    if code != 0:
        sys.exit(code)
