"""The policy of the whole log: superusers only. The history page of an object uses the policy of its model instead."""

from dovetail.contrib.auth.api.policies import ForSuperusers

CHANGES = ForSuperusers("view")
