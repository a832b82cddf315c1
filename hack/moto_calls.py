"""Calls that hack/moto makes against the local AWS and against moto. Compared are the members of the answers, their types, and the
codes and statuses of errors; not the values. A member that botocore's model of the service does not have is a difference too."""

import importlib.metadata
import json
import os
import re

import boto3
from botocore.exceptions import ClientError

from moto_known import KNOWN, judge

SIDES = {"awssim": os.environ["AWS_ENDPOINT_URL"], "moto": os.environ["MOTO_ENDPOINT_URL"]}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
DEFINITION = json.dumps({"QueryLanguage": "JSONata", "StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
MACHINES = "arn:aws:states:eu-west-1:123456789012:stateMachine:"
clients, kept = {}, {"awssim": {}, "moto": {}}
operations, differences, skipped, unmodelled = set(), [], set(), set()


def client(side, service):
    if (side, service) not in clients:
        clients[side, service] = boto3.client(service, endpoint_url=SIDES[side])
        clients[side, service].meta.events.register("before-parse", note_strangers)
    return clients[side, service]


def note_strangers(operation_model, response_dict, **_):
    """Notes members of a JSON answer that boto3 drops silently."""
    output = operation_model.output_shape
    if response_dict["status_code"] == 200 and output is not None and operation_model.service_model.protocol == "json":
        unmodelled.update(strangers(json.loads(response_dict["body"] or b"{}"), output, ""))


def strangers(value, shape, path):
    """The paths of members that a shape of botocore's model does not have."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, member in value.items():
            if name not in shape.members:
                yield path + name
            else:
                yield from strangers(member, shape.members[name], path + name + ".")
    elif shape.type_name == "list" and isinstance(value, list):
        for member in value:
            yield from strangers(member, shape.member, path.rstrip(".") + "[].")
    elif shape.type_name == "map" and isinstance(value, dict):
        for name, member in value.items():
            yield from strangers(member, shape.value, path + name + ".")


def shape(value, path=""):
    """The members of an answer with their types: {"clusters[].tags": "list"}. A list counts by its first element."""
    members = {path: type(value).__name__} if path else {}
    if isinstance(value, dict):
        for name, member in value.items():
            members.update(shape(member, f"{path}.{name}" if path else name))
    elif isinstance(value, list) and value:
        members.update(shape(value[0], path + "[]"))
    return members


def ask(side, service, operation, parameters):
    """The answer and its shape; an error's shape is its code and status."""
    unmodelled.clear()
    try:
        answer = getattr(client(side, service), operation)(**parameters)
    except ClientError as e:
        answer, error = e.response, e.response["Error"]
        return answer, {"error " + error["Code"]: answer["ResponseMetadata"]["HTTPStatusCode"]}
    answer.pop("ResponseMetadata", None)
    members = shape(answer)
    if side == "awssim":
        members.update({path: "not in botocore's model" for path in unmodelled})
    return answer, members


def pick(answer, path):
    for step in path.split("."):
        answer = answer[int(step) if step.isdigit() else step]
    return answer


def compare(service, operation, parameters=None, keep=None, fails=False):
    """Makes one call on both sides. Parameters that differ between them are a function of what was kept of earlier answers."""
    parameters = parameters or {}
    answers = {}
    for side in SIDES:
        given = parameters(kept[side]) if callable(parameters) else parameters
        answer, answers[side] = ask(side, service, operation, given)
        failed = any(path.startswith("error ") for path in answers[side])
        if failed and "not the Query protocol" in str(answer):
            skipped.add(service)
            return
        if failed != fails:
            differences.append(f"{service}.{operation} {side} {'failed' if failed else 'did not fail'}: {answer}")
        for name, path in (keep or {}).items():
            if not failed:
                kept[side][name] = pick(answer, path)
    operations.add((service, operation))
    differences.extend(f"{service}.{operation} {what}" for what in apart(answers["awssim"], answers["moto"]))


def apart(ours, theirs):
    """What two shapes differ in. What is below a member that only one of them has goes without saying."""
    told = ""
    for path in sorted(set(ours) | set(theirs), key=lambda path: re.split(r"[.\[]", path)):
        if ours.get(path) == theirs.get(path) or told and re.match(re.escape(told) + r"[.\[]", path):
            continue
        if path in ours and path in theirs:
            yield f"types: {path}: {ours[path]}, moto {theirs[path]}"
            continue
        told = path
        yield f"{'awssim' if path in ours else 'moto'} only: {path}"


def ecs():
    compare("ecs", "create_cluster", {"clusterName": "compared", "tags": [{"key": "team", "value": "a"}]})
    compare("ecs", "describe_clusters", {"clusters": ["compared"], "include": ["TAGS", "SETTINGS"]})
    compare("ecs", "describe_clusters", {"clusters": ["none"]})
    container = {"name": "app", "image": "app:1", "essential": True, "portMappings": [{"containerPort": 80}], "environment": [{"name": "A", "value": "b"}]}
    compare("ecs", "register_task_definition", {
        "family": "compared", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "containerDefinitions": [container], "tags": [{"key": "team", "value": "a"}]})
    compare("ecs", "describe_task_definition", {"taskDefinition": "compared", "include": ["TAGS"]}, {"definition": "taskDefinition.taskDefinitionArn"})
    compare("ecs", "describe_task_definition", {"taskDefinition": "none"}, fails=True)
    compare("ecs", "list_task_definitions", {"familyPrefix": "compared"})
    compare("ecs", "describe_services", {"cluster": "none", "services": ["web"]}, fails=True)
    compare("ecs", "list_services", {"cluster": "compared"})
    compare("ecs", "describe_services", {"cluster": "compared", "services": ["none"]})
    compare("ecs", "update_service", {"cluster": "compared", "service": "none", "desiredCount": 1}, fails=True)
    compare("ecs", "list_tags_for_resource", lambda k: {"resourceArn": k["definition"]})
    compare("ecs", "deregister_task_definition", {"taskDefinition": "compared:1"})


def registry():
    compare("ecr", "create_repository", {"repositoryName": "compared", "tags": [{"Key": "team", "Value": "a"}]}, {"repository": "repository.repositoryArn"})
    compare("ecr", "create_repository", {"repositoryName": "compared"}, fails=True)
    compare("ecr", "describe_repositories", {"repositoryNames": ["compared"]})
    compare("ecr", "describe_repositories", {"repositoryNames": ["none"]}, fails=True)
    compare("ecr", "list_tags_for_resource", lambda k: {"resourceArn": k["repository"]})
    compare("ecr", "list_images", {"repositoryName": "compared"})
    compare("ecr", "describe_images", {"repositoryName": "compared", "imageIds": [{"imageTag": "none"}]}, fails=True)
    compare("ecr", "batch_get_image", {"repositoryName": "compared", "imageIds": [{"imageTag": "none"}]})
    compare("ecr", "get_authorization_token")
    compare("ecr", "delete_repository", {"repositoryName": "compared"})


def balancing():
    for side in SIDES:
        kept[side].update(vpc="vpc-1", subnets=["subnet-1", "subnet-2"])
    network = client("moto", "ec2").describe_subnets()["Subnets"]
    kept["moto"].update(vpc=network[0]["VpcId"], subnets=[subnet["SubnetId"] for subnet in network[:2]])
    compare("elbv2", "create_target_group", lambda k: {
        "Name": "compared", "Protocol": "HTTP", "Port": 80, "VpcId": k["vpc"], "TargetType": "ip", "HealthCheckPath": "/up"}, {"group": "TargetGroups.0.TargetGroupArn"})
    compare("elbv2", "describe_target_groups", {"Names": ["compared"]})
    compare("elbv2", "describe_target_groups", {"Names": ["none"]}, fails=True)
    compare("elbv2", "describe_target_group_attributes", lambda k: {"TargetGroupArn": k["group"]})
    compare("elbv2", "create_load_balancer", lambda k: {"Name": "compared", "Subnets": k["subnets"]}, {"balancer": "LoadBalancers.0.LoadBalancerArn"})
    compare("elbv2", "describe_load_balancers", {"Names": ["compared"]})
    compare("elbv2", "describe_load_balancers", {"Names": ["none"]}, fails=True)
    compare("elbv2", "create_listener", lambda k: {
        "LoadBalancerArn": k["balancer"], "Protocol": "HTTP", "Port": 80, "DefaultActions": [{"Type": "forward", "TargetGroupArn": k["group"]}]}, {"listener": "Listeners.0.ListenerArn"})
    compare("elbv2", "describe_listeners", lambda k: {"LoadBalancerArn": k["balancer"]})
    compare("elbv2", "describe_rules", lambda k: {"ListenerArn": k["listener"]})
    compare("elbv2", "describe_target_health", lambda k: {"TargetGroupArn": k["group"]})
    compare("elbv2", "delete_target_group", lambda k: {"TargetGroupArn": k["group"]}, fails=True)
    compare("elbv2", "delete_listener", lambda k: {"ListenerArn": k["listener"]})
    compare("elbv2", "delete_load_balancer", lambda k: {"LoadBalancerArn": k["balancer"]})


def items():
    table = {"TableName": "compared"}
    key = {"pk": {"S": "a"}}
    compare("dynamodb", "create_table", table | {
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST"})
    for side in SIDES:
        client(side, "dynamodb").get_waiter("table_exists").wait(WaiterConfig={"Delay": 1}, **table)
    compare("dynamodb", "describe_table", table)
    compare("dynamodb", "describe_table", {"TableName": "none"}, fails=True)
    item = key | {"n": {"N": "1"}, "l": {"L": [{"S": "x"}]}, "m": {"M": {"b": {"BOOL": True}}}}
    compare("dynamodb", "put_item", table | {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"})
    compare("dynamodb", "put_item", table | {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"}, fails=True)
    compare("dynamodb", "put_item", table | {"Item": item, "ReturnValues": "ALL_OLD"})
    compare("dynamodb", "get_item", table | {"Key": key, "ConsistentRead": True})
    compare("dynamodb", "get_item", table | {"Key": {"pk": {"S": "none"}}})
    compare("dynamodb", "get_item", {"TableName": "none", "Key": key}, fails=True)
    update = table | {"Key": key, "UpdateExpression": "SET #n = #n + :one", "ExpressionAttributeNames": {"#n": "n"}, "ConditionExpression": "#n = :old"}
    compare("dynamodb", "update_item", update | {"ExpressionAttributeValues": {":one": {"N": "1"}, ":old": {"N": "1"}}, "ReturnValues": "ALL_NEW"})
    compare("dynamodb", "update_item", update | {"ExpressionAttributeValues": {":one": {"N": "1"}, ":old": {"N": "1"}}}, fails=True)
    compare("dynamodb", "update_item", table | {"Key": key, "UpdateExpression": "SET"}, fails=True)
    compare("dynamodb", "query", table | {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}})
    compare("dynamodb", "scan", table)
    compare("dynamodb", "delete_item", table | {"Key": key, "ConditionExpression": "attribute_not_exists(pk)"}, fails=True)
    compare("dynamodb", "delete_item", table | {"Key": key, "ReturnValues": "ALL_OLD"})


def parameters():
    compare("ssm", "put_parameter", {"Name": "/compared/a", "Type": "String", "Value": "1"})
    compare("ssm", "put_parameter", {"Name": "/compared/a", "Type": "String", "Value": "2"}, fails=True)
    compare("ssm", "get_parameter", {"Name": "/compared/a"})
    compare("ssm", "get_parameter", {"Name": "/compared/none"}, fails=True)


def messages():
    compare("sns", "create_topic", {"Name": "compared"}, {"topic": "TopicArn"})
    compare("sns", "list_topics")
    compare("sns", "publish", lambda k: {"TopicArn": k["topic"], "Message": "hello"})
    compare("sns", "publish", lambda k: {"TopicArn": k["topic"] + "-none", "Message": "hello"}, fails=True)
    compare("sqs", "create_queue", {"QueueName": "compared"}, {"queue": "QueueUrl"})
    if "sqs" in skipped:
        return
    compare("sqs", "get_queue_url", {"QueueName": "none"}, fails=True)
    compare("sqs", "send_message", lambda k: {"QueueUrl": k["queue"], "MessageBody": "hello"})
    compare("sqs", "receive_message", lambda k: {"QueueUrl": k["queue"], "AttributeNames": ["All"]}, {"receipt": "Messages.0.ReceiptHandle"})
    compare("sqs", "get_queue_attributes", lambda k: {"QueueUrl": k["queue"], "AttributeNames": ["QueueArn"]}, {"queue_arn": "Attributes.QueueArn"})
    compare("sqs", "delete_message", lambda k: {"QueueUrl": k["queue"], "ReceiptHandle": k["receipt"]})
    compare("sns", "subscribe", lambda k: {"TopicArn": k["topic"], "Protocol": "sqs", "Endpoint": k["queue_arn"]})


def logs():
    group = {"logGroupName": "compared"}
    stream = group | {"logStreamName": "a"}
    compare("logs", "create_log_group", group)
    compare("logs", "create_log_group", group, fails=True)
    # the local AWS's clock is faster than the wall clock
    compare("logs", "describe_log_groups", {"logGroupNamePrefix": "compared"}, {"now": "logGroups.0.creationTime"})
    compare("logs", "create_log_stream", stream)
    compare("logs", "put_log_events", lambda k: stream | {"logEvents": [{"timestamp": k["now"], "message": "hello"}]})
    compare("logs", "put_log_events", lambda k: group | {"logStreamName": "none", "logEvents": [{"timestamp": k["now"], "message": "hello"}]}, fails=True)
    compare("logs", "get_log_events", stream)
    compare("logs", "filter_log_events", group)
    compare("logs", "describe_log_streams", group)
    compare("logs", "get_log_events", stream | {"logGroupName": "none"}, fails=True)


def rules():
    compare("events", "put_rule", {"Name": "compared", "EventPattern": json.dumps({"source": ["compared"]}), "State": "ENABLED"})
    compare("events", "describe_rule", {"Name": "compared"})
    compare("events", "describe_rule", {"Name": "none"}, fails=True)
    compare("events", "put_targets", {"Rule": "compared", "Targets": [{"Id": "a", "Arn": "arn:aws:sqs:eu-west-1:123456789012:compared"}]})
    compare("events", "put_targets", {"Rule": "none", "Targets": [{"Id": "a", "Arn": "arn:aws:sqs:eu-west-1:123456789012:compared"}]}, fails=True)
    compare("events", "list_rules", {"NamePrefix": "compared"})
    compare("events", "list_targets_by_rule", {"Rule": "compared"})
    compare("events", "put_events", {"Entries": [{"Source": "compared", "DetailType": "a", "Detail": "{}"}]})
    compare("events", "remove_targets", {"Rule": "compared", "Ids": ["a"]})
    compare("events", "delete_rule", {"Name": "compared"})


def workflow():
    role = "arn:aws:iam::123456789012:role/compared"
    compare("stepfunctions", "create_state_machine", {"name": "compared", "definition": DEFINITION, "roleArn": role}, {"machine": "stateMachineArn"})
    compare("stepfunctions", "list_state_machines")
    compare("stepfunctions", "describe_state_machine", {"stateMachineArn": MACHINES + "compared"})
    compare("stepfunctions", "describe_state_machine", {"stateMachineArn": MACHINES + "none"}, fails=True)
    compare("stepfunctions", "describe_execution", {"executionArn": "arn:aws:states:eu-west-1:123456789012:execution:compared:none"}, fails=True)
    compare("stepfunctions", "start_execution", {"stateMachineArn": MACHINES + "none", "input": "{}"}, fails=True)
    compare("stepfunctions", "list_executions", {"stateMachineArn": MACHINES + "compared"})


def account():
    compare("sts", "get_caller_identity")
    compare("resourcegroupstaggingapi", "get_resources", {"TagFilters": [{"Key": "team", "Values": ["a"]}], "ResourceTypeFilters": ["ecs:cluster"]})


def main():
    for part in (ecs, registry, balancing, items, parameters, messages, logs, rules, workflow, account):
        try:
            part()
        except Exception as e:  # the rest is worth seeing all the same
            differences.append(f"{part.__name__}: {type(e).__name__}: {e}")
    reasons, stale = judge(differences, KNOWN, skipped)
    for difference, reason in zip(differences, reasons):
        print("x " if reason is None else "- ", difference, "" if reason is None else f"({reason})")
    for pattern in stale:
        print("x  the reason explains nothing, remove it:", pattern)
    unknown = reasons.count(None)
    for service in skipped:
        print("SKIPPED: boto3", boto3.__version__, "is too old for", service)
    print(f"boto3 {boto3.__version__}, moto {importlib.metadata.version('moto')}: {len(operations)} operations compared, "
          f"{len(differences) - unknown} known differences, {unknown} unknown, {len(stale)} reasons too many")
    raise SystemExit(unknown + len(stale) > 0)


main()
