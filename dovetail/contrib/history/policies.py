"""Decide who may read the whole log: superusers. The page of an object asks the policy of its model instead."""

from dovetail.contrib.auth.api.policies import ForSuperusers

CHANGES = ForSuperusers("view")
