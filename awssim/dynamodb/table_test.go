package dynamodb_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/clock"
	"slipway/awssim/protocol/protocoltest"
)

func TestTableFromBirthToDeath(t *testing.T) {
	w := start(t)
	w.put("history", item{"pk": s("a"), "sk": n("1")})
	out, err := w.DescribeTable(background, &sdk.DescribeTableInput{TableName: new("history")})
	if err != nil {
		t.Fatal(err)
	}
	table := out.Table
	if table.TableStatus != "ACTIVE" || *table.ItemCount != 1 || *table.TableArn != "arn:aws:dynamodb:eu-west-1:123456789012:table/history" || !table.CreationDateTime.Equal(clock.Epoch) {
		t.Errorf("got %s, %d items, %s, created %s", table.TableStatus, *table.ItemCount, *table.TableArn, table.CreationDateTime)
	}
	if _, err := w.UpdateTable(background, &sdk.UpdateTableInput{TableName: new("history"), DeletionProtectionEnabled: new(true)}); err != nil {
		t.Fatal(err)
	}
	_, err = w.DeleteTable(background, &sdk.DeleteTableInput{TableName: new("history")})
	refused(t, err, "ValidationException", "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	if _, err := w.UpdateTable(background, &sdk.UpdateTableInput{TableName: new("history"), DeletionProtectionEnabled: new(false)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DeleteTable(background, &sdk.DeleteTableInput{TableName: new("history")}); err != nil {
		t.Fatal(err)
	}
	_, err = w.DescribeTable(background, &sdk.DescribeTableInput{TableName: new("history")})
	refused(t, err, "ResourceNotFoundException", "Requested resource not found: Table: history not found")
	list, err := w.ListTables(background, &sdk.ListTablesInput{})
	if err != nil || len(list.TableNames) != 1 || list.TableNames[0] != "things" {
		t.Errorf("got %v, %v, want things alone", list, err)
	}
}

func TestRefusedTables(t *testing.T) {
	w := start(t)
	good := func() *sdk.CreateTableInput {
		return &sdk.CreateTableInput{TableName: new("more"), BillingMode: "PAY_PER_REQUEST",
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: new("pk"), AttributeType: "S"}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: new("pk"), KeyType: "HASH"}}}
	}
	for want, change := range map[string]func(*sdk.CreateTableInput){
		"ResourceInUseException": func(in *sdk.CreateTableInput) { in.TableName = new("things") },
		"ValidationException":    func(in *sdk.CreateTableInput) { in.KeySchema[0].AttributeName = new("other") },
	} {
		in := good()
		change(in)
		_, err := w.CreateTable(background, in)
		var e interface{ ErrorCode() string }
		if !errors.As(err, &e) || e.ErrorCode() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	in := good()
	in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{{IndexName: new("by-tag"), KeySchema: in.KeySchema, Projection: &types.Projection{ProjectionType: "ALL"}}}
	_, err := w.CreateTable(background, in)
	refused(t, err, "ValidationException", "awssim does not implement GlobalSecondaryIndexes of dynamodb CreateTable")
}

func TestAProvisionedTableNeedsItsThroughput(t *testing.T) {
	w := start(t)
	for _, mode := range []types.BillingMode{types.BillingModeProvisioned, "FOO"} {
		_, err := w.UpdateTable(background, &sdk.UpdateTableInput{TableName: new("things"), BillingMode: mode})
		protocoltest.Refused(t, err, "ValidationException")
	}
}

func TestBackupsAreRemembered(t *testing.T) {
	w := start(t)
	if _, err := w.UpdateContinuousBackups(background, &sdk.UpdateContinuousBackupsInput{TableName: new("things"),
		PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: new(true)}}); err != nil {
		t.Fatal(err)
	}
	out, err := w.DescribeContinuousBackups(background, &sdk.DescribeContinuousBackupsInput{TableName: new("things")})
	if err != nil || out.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus != "ENABLED" {
		t.Errorf("got %+v, %v, want ENABLED", out, err)
	}
}

func TestExpiredItemsStayForTwoDaysAndThenGo(t *testing.T) {
	w := start(t)
	spec := &types.TimeToLiveSpecification{AttributeName: new("until"), Enabled: new(true)}
	if _, err := w.UpdateTimeToLive(background, &sdk.UpdateTimeToLiveInput{TableName: new("things"), TimeToLiveSpecification: spec}); err != nil {
		t.Fatal(err)
	}
	_, err := w.UpdateTimeToLive(background, &sdk.UpdateTimeToLiveInput{TableName: new("things"), TimeToLiveSpecification: spec})
	refused(t, err, "ValidationException", "TimeToLive is already enabled")
	d, err := w.DescribeTimeToLive(background, &sdk.DescribeTimeToLiveInput{TableName: new("things")})
	if err != nil || d.TimeToLiveDescription.TimeToLiveStatus != "ENABLED" || *d.TimeToLiveDescription.AttributeName != "until" {
		t.Fatalf("got %+v, %v", d, err)
	}
	until := strconv.FormatInt(clock.Epoch.Add(time.Hour).Unix(), 10)
	for _, pk := range []string{"a", "b", "c", "d"} {
		w.put("things", item{"pk": s(pk), "until": n(until)})
	}
	w.put("things", item{"pk": s("for ever"), "until": s(until)})
	w.put("things", item{"pk": s("mistake"), "until": n("5")})

	count := func() int32 {
		out, err := w.Scan(background, &sdk.ScanInput{TableName: new("things"), Select: "COUNT"})
		if err != nil {
			t.Fatal(err)
		}
		return out.Count
	}
	w.clock.RunFor(48*time.Hour + 59*time.Minute)
	if got := count(); got != 6 {
		t.Errorf("got %d items within 48 hours of expiry, want all 6", got)
	}
	w.clock.RunFor(12 * time.Hour)
	if got := count(); got == 6 || got == 2 {
		t.Errorf("got %d items half a day later, want some of the four gone", got)
	}
	w.clock.RunFor(12*time.Hour + 2*time.Minute)
	if got := count(); got != 2 {
		t.Errorf("got %d items three days after expiry, want the 2 that do not expire", got)
	}
}
