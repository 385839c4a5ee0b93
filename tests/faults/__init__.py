import pytest

pytest.register_assert_rewrite("tests.faults.site")  # what it finds missing is told as by a test
