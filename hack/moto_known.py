"""The differences between the local AWS and moto 5.2.1 that hack/moto knows, each with its reason. An asterisk stands for any text."""

import re

MOTO_LACKS = "AWS documents it, moto lacks it"
AWS_OMITS = "AWS leaves it out where it does not apply, moto answers with nothing in it"

KNOWN = {
    "ecs.register_task_definition awssim only: tags": MOTO_LACKS,
    "ecs.*_task_definition awssim only: taskDefinition.registeredAt": MOTO_LACKS,
    "ecs.*_task_definition awssim only: taskDefinition.registeredBy": MOTO_LACKS,
    "ecs.*_task_definition awssim only: taskDefinition.deregisteredAt": MOTO_LACKS,
    "ecs.*_task_definition awssim only: taskDefinition.requiresAttributes": MOTO_LACKS,
    "ecs.*_task_definition awssim only: taskDefinition.containerDefinitions[].systemControls": "AWS fills in an empty list, moto does not",
    "ecs.*_task_definition awssim only: taskDefinition.containerDefinitions[].portMappings[].*": "AWS fills in hostPort and protocol, moto does not",
    "elbv2.create_target_group awssim only: TargetGroups[].LoadBalancerArns": "AWS documents it, moto tells it only in descriptions",
    "elbv2.*_load_balancer* awssim only: LoadBalancers[].Scheme": "AWS's default is internet-facing, moto has none",
    "elbv2.*_load_balancer* moto only: LoadBalancers[].SecurityGroups": "awssim has no VPC, so no default security group of one",
    "elbv2.*_listener* moto only: Listeners[].AlpnPolicy": AWS_OMITS,
    "elbv2.*_listener* moto only: Listeners[].SslPolicy": AWS_OMITS,
    "elbv2.* awssim only: *Actions[].ForwardConfig": "AWS tells the one target group in this form too, moto does not",
    "dynamodb.*_table moto only: *.GlobalSecondaryIndexes": AWS_OMITS,
    "dynamodb.*_table moto only: *.LocalSecondaryIndexes": AWS_OMITS,
    "dynamodb.*_table awssim only: *.TableId": MOTO_LACKS,
    "dynamodb.*_table moto only: *.WarmThroughput": "awssim has no capacity and leaves it out",
    "dynamodb.update_item moto only: ConsumedCapacity": "AWS tells it to those who ask with ReturnConsumedCapacity, and nobody did",
    "logs.describe_log_groups awssim only: logGroups[].deletionProtectionEnabled": MOTO_LACKS,
    "logs.describe_log_groups awssim only: logGroups[].logGroupClass": MOTO_LACKS,
    "logs.filter_log_events moto only: searchedLogStreams[]": "AWS answers with an empty list since 2020",
    "logs.describe_log_streams moto only: logStreams[].storedBytes": "AWS documents it as deprecated and always 0, awssim leaves it out",
    "stepfunctions.list_state_machines awssim only: stateMachines[].type": "AWS's model requires it, moto lacks it",
    "stepfunctions.describe_state_machine awssim only: loggingConfiguration.includeExecutionData": MOTO_LACKS,
    "stepfunctions.describe_state_machine moto only: encryptionConfiguration": "awssim has no keys and leaves it out",
    "resourcegroupstaggingapi.get_resources awssim only: PaginationToken": "AWS answers with an empty token after the last page, moto with none",
}


def judge(differences, known, skipped):
    """The reason of each difference, None where it has none, and the reasons that explain nothing: they would hide the next real
    difference. A reason for a service that was skipped cannot be judged."""
    reasons, used = [], set()
    for difference in differences:
        pattern = next((k for k in known if re.fullmatch(re.escape(k).replace(r"\*", ".*"), difference)), None)
        used.add(pattern)
        reasons.append(known.get(pattern))
    return reasons, [pattern for pattern in known if pattern not in used and pattern.split(".")[0] not in skipped]
