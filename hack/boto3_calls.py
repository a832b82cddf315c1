"""Calls that hack/boto3 makes after an image was deployed. Each must answer with the Python types of the documented shape."""

import base64
import datetime
import json
import os

import boto3
from botocore.exceptions import ClientError

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:slipway"
checks = []


def client(service):
    return boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def check(what, right):
    checks.append((what, bool(right)))
    if not right:
        print("x ", what)


def old(error):
    return "not the Query protocol" in str(error)


def services():
    ecs = client("ecs")
    found = ecs.describe_services(cluster="shop", services=["web", "none"], include=["TAGS"])
    web = found["services"][0]
    check("a service's counts are numbers", web["runningCount"] == 2 and web["desiredCount"] == 2)
    check("its times are times", isinstance(web["createdAt"], datetime.datetime))
    check("its tags are there", {"key": "slipway:repository", "value": "shop/web"} in web["tags"])
    check("a missing one is a failure", found["failures"][0]["reason"] == "MISSING")
    ecs.get_waiter("services_stable").wait(cluster="shop", services=["web"])
    tasks = [arn for page in ecs.get_paginator("list_tasks").paginate(cluster="shop", PaginationConfig={"PageSize": 1}) for arn in page["taskArns"]]
    check("pages of one task each hold both", len(tasks) == 2)
    task = ecs.describe_tasks(cluster="shop", tasks=tasks)["tasks"][0]
    check("a task's image is pinned", task["containers"][0]["imageDigest"].startswith("sha256:"))
    definition = ecs.describe_task_definition(taskDefinition="web")["taskDefinition"]
    check("a task definition has numbers", definition["containerDefinitions"][0]["portMappings"][0]["containerPort"] == 3000)
    try:
        ecs.describe_services(cluster="none", services=["web"])
        check("an unknown cluster is refused", False)
    except ecs.exceptions.ClusterNotFoundException:
        check("an unknown cluster is a modelled error", True)


def registry():
    ecr = client("ecr")
    token = ecr.get_authorization_token()["authorizationData"][0]
    check("a token is user and password", base64.b64decode(token["authorizationToken"]).startswith(b"AWS:"))
    check("a token's end is a time", isinstance(token["expiresAt"], datetime.datetime))
    image = ecr.describe_images(repositoryName="shop/web")["imageDetails"][0]
    check("an image has its tag and size", image["imageTags"] == ["v1"] and image["imageSizeInBytes"] > 0)
    manifest = ecr.batch_get_image(repositoryName="shop/web", imageIds=[{"imageTag": "v1"}])["images"][0]["imageManifest"]
    check("a manifest is JSON", json.loads(manifest)["schemaVersion"] == 2)


def balancing():
    elb = client("elbv2")
    group = elb.describe_target_groups(Names=["shop-web"])["TargetGroups"][0]
    check("a target group's numbers", group["HealthCheckIntervalSeconds"] == 10 and group["Port"] == 3000)
    health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    check("both targets are healthy", [t["TargetHealth"]["State"] for t in health] == ["healthy"] * 2)
    elb.get_waiter("load_balancer_available").wait(Names=["shop"])
    try:
        elb.describe_load_balancers(Names=["none"])
        check("an unknown load balancer is refused", False)
    except ClientError as e:
        check("an unknown load balancer is AWS's error", e.response["Error"]["Code"] == "LoadBalancerNotFound")


def functions():
    aws_lambda = client("lambda")
    names = [f["FunctionName"] for page in aws_lambda.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 3}) for f in page["Functions"]]
    check("pages of three hold all seven functions", len(names) == 7 and names == sorted(names))
    got = aws_lambda.invoke(FunctionName="slipway-drift", Qualifier="live", LogType="Tail")
    check("an invocation answers with a stream", got["StatusCode"] == 200 and "FunctionError" not in got and json.load(got["Payload"]) is not None)
    check("its log is told", base64.b64decode(got["LogResult"]))
    check("an alias is found", aws_lambda.get_alias(FunctionName="slipway-push", Name="live")["FunctionVersion"] == "1")
    try:
        aws_lambda.get_function(FunctionName="none")
        check("an unknown function is refused", False)
    except aws_lambda.exceptions.ResourceNotFoundException:
        check("an unknown function is a modelled error", True)


def workflow():
    sfn = client("stepfunctions")
    execution = sfn.list_executions(stateMachineArn=MACHINE, statusFilter="SUCCEEDED")["executions"][0]
    check("an execution has its times", execution["stopDate"] > execution["startDate"])
    events = [e for page in sfn.get_paginator("get_execution_history").paginate(executionArn=execution["executionArn"]) for e in page["events"]]
    check("a history begins and ends", events[0]["type"] == "ExecutionStarted" and events[-1]["type"] == "ExecutionSucceeded")
    started = sfn.start_execution(stateMachineArn=MACHINE, name="boto3", input='{"service":"shop/web"}')
    again = sfn.start_execution(stateMachineArn=MACHINE, name="boto3", input='{"service":"shop/web"}')
    check("starting twice by one name is one execution", started["executionArn"] == again["executionArn"])
    schedule = client("scheduler").get_schedule(Name="slipway-drift")
    check("a schedule's target", schedule["Target"]["Arn"].endswith("function:slipway-drift:live"))
    rules = client("events").list_rules(NamePrefix="slipway-")["Rules"]
    check("rules have patterns", all("source" in json.loads(r["EventPattern"]) for r in rules) and rules)


def stores():
    items = client("dynamodb").scan(TableName="slipway", ConsistentRead=True)
    check("the ledger's items have typed values", items["Count"] > 0 and "S" in items["Items"][0]["pk"])
    resource = boto3.resource("dynamodb", endpoint_url=os.environ["AWS_ENDPOINT_URL"]).Table("slipway")
    check("the resource API reads them too", resource.scan()["Count"] == items["Count"])
    logs = client("logs")
    lines = [e["message"] for page in logs.get_paginator("filter_log_events").paginate(logGroupName="/ecs/shop/web") for e in page["events"]]
    check("tasks' lines are in the log", any("listens on" in line for line in lines))
    ssm = client("ssm")
    ssm.put_parameter(Name="/shop/color", Type="String", Value="blue", Overwrite=True)
    check("a parameter and back", ssm.get_parameter(Name="/shop/color")["Parameter"]["Value"] == "blue")
    tagged = client("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "slipway:repository"}])["ResourceTagMappingList"]
    check("the service is found by its tag", tagged[0]["ResourceARN"].endswith("service/shop/web"))
    check("the account", client("sts").get_caller_identity()["Account"] == "123456789012")


def messages():
    sns, sqs = client("sns"), client("sqs")
    try:
        url = sqs.create_queue(QueueName="boto3")["QueueUrl"]
    except ClientError as e:
        if not old(e):
            raise
        print("SKIPPED: boto3", boto3.__version__, "is too old for SQS")
        return
    topic = sns.create_topic(Name="boto3")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:boto3")
    sns.publish(TopicArn=topic, Message="hello")
    got = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]
    check("a message through a topic", json.loads(got["Body"])["Message"] == "hello")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])


for part in (services, registry, balancing, functions, workflow, stores, messages):
    try:
        part()
    except Exception as e:  # the rest is worth seeing all the same
        check(f"{part.__name__}: {type(e).__name__}: {e}", False)
wrong = sum(not right for _, right in checks)
print(f"boto3 {boto3.__version__}: {len(checks)} checks, {wrong} failed")
raise SystemExit(wrong > 0)
