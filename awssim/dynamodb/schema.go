package dynamodb

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/expression"
	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

var tableNames = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)

// createTable makes a table that is ready at once, though its answer says CREATING as DynamoDB's does.
func (s *Service) createTable(c *protocol.Call, in *dynamodb.CreateTableInput) (*dynamodb.CreateTableOutput, error) {
	if err := protocol.Only(c, in, "TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput",
		"DeletionProtectionEnabled", "SSESpecification", "StreamSpecification", "TableClass", "Tags"); err != nil {
		return nil, err
	}
	if in.StreamSpecification != nil && aws.ToBool(in.StreamSpecification.StreamEnabled) {
		return nil, invalid("awssim has no DynamoDB streams; leave StreamSpecification out")
	}
	name := tableName(in.TableName)
	if !tableNames.MatchString(name) {
		return nil, invalid("Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'")
	}
	if _, ok := s.tables[name]; ok {
		return nil, protocol.Errorf("ResourceInUseException", "Table already exists: %s", name)
	}
	key, err := keySchema(in.KeySchema, in.AttributeDefinitions)
	if err != nil {
		return nil, err
	}
	if in.BillingMode != types.BillingModePayPerRequest && in.ProvisionedThroughput == nil {
		return nil, invalid("One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	t := &table{clock: s.clock, seed: s.seed ^ hash64(0, name), key: key, tags: in.Tags, partitions: map[string]*partition{}}
	t.description = types.TableDescription{
		TableName:                 &name,
		TableArn:                  new(s.id.ARN("dynamodb", "table/"+name)),
		TableId:                   new(s.tableID(name)),
		TableStatus:               types.TableStatusActive,
		CreationDateTime:          new(s.clock.Now()),
		AttributeDefinitions:      in.AttributeDefinitions,
		KeySchema:                 in.KeySchema,
		DeletionProtectionEnabled: new(aws.ToBool(in.DeletionProtectionEnabled)),
	}
	t.bill(in.BillingMode, in.ProvisionedThroughput)
	if in.TableClass != "" {
		t.description.TableClassSummary = &types.TableClassSummary{TableClass: in.TableClass}
	}
	if in.SSESpecification != nil && aws.ToBool(in.SSESpecification.Enabled) {
		t.description.SSEDescription = &types.SSEDescription{Status: types.SSEStatusEnabled, SSEType: types.SSETypeKms, KMSMasterKeyArn: in.SSESpecification.KMSMasterKeyId}
	}
	s.tables[name] = t
	out := t.describe()
	out.TableStatus = types.TableStatusCreating
	return &dynamodb.CreateTableOutput{TableDescription: out}, nil
}

func (t *table) bill(mode types.BillingMode, throughput *types.ProvisionedThroughput) {
	t.description.ProvisionedThroughput = &types.ProvisionedThroughputDescription{NumberOfDecreasesToday: new(int64(0)), ReadCapacityUnits: new(int64(0)), WriteCapacityUnits: new(int64(0))}
	if mode == types.BillingModePayPerRequest {
		t.description.BillingModeSummary = &types.BillingModeSummary{BillingMode: mode}
		return
	}
	t.description.BillingModeSummary = nil
	t.description.ProvisionedThroughput.ReadCapacityUnits = throughput.ReadCapacityUnits
	t.description.ProvisionedThroughput.WriteCapacityUnits = throughput.WriteCapacityUnits
}

// tableID looks like the UUID that DynamoDB gives a table.
func (s *Service) tableID(name string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%s/%d", s.seed, name, s.clock.Now().UnixNano()))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// keySchema checks a key schema against the attribute definitions, which must name the same attributes.
func keySchema(schema []types.KeySchemaElement, definitions []types.AttributeDefinition) (expression.Key, error) {
	var key expression.Key
	defined := map[string]string{}
	for _, d := range definitions {
		defined[aws.ToString(d.AttributeName)] = string(d.AttributeType)
	}
	if len(schema) < 1 || len(schema) > 2 || schema[0].KeyType != types.KeyTypeHash || len(schema) == 2 && schema[1].KeyType != types.KeyTypeRange {
		return key, invalid("Invalid KeySchema: a table has one HASH key element and after it at most one RANGE key element")
	}
	for _, element := range schema {
		if defined[aws.ToString(element.AttributeName)] == "" {
			return key, invalid("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [%s]", aws.ToString(element.AttributeName))
		}
	}
	if len(defined) != len(schema) {
		return key, invalid("One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	key.Hash = aws.ToString(schema[0].AttributeName)
	key.HashType = defined[key.Hash]
	if len(schema) == 2 {
		key.Range = aws.ToString(schema[1].AttributeName)
		key.RangeType = defined[key.Range]
	}
	return key, nil
}

// describe is the table as DescribeTable answers it. The counts are exact, where DynamoDB's are some hours old.
func (t *table) describe() *types.TableDescription {
	d := t.description
	items, bytes := t.count()
	d.ItemCount, d.TableSizeBytes = &items, &bytes
	return &d
}

func (s *Service) describeTable(_ *protocol.Call, in *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
	t, err := s.describe(in.TableName)
	if err != nil {
		return nil, err
	}
	return &dynamodb.DescribeTableOutput{Table: t.describe()}, nil
}

func (s *Service) updateTable(c *protocol.Call, in *dynamodb.UpdateTableInput) (*dynamodb.UpdateTableOutput, error) {
	if err := protocol.Only(c, in, "TableName", "AttributeDefinitions", "BillingMode", "ProvisionedThroughput", "DeletionProtectionEnabled", "TableClass"); err != nil {
		return nil, err
	}
	t, err := s.describe(in.TableName)
	if err != nil {
		return nil, err
	}
	if in.BillingMode != "" && in.BillingMode != types.BillingModePayPerRequest && in.ProvisionedThroughput == nil {
		return nil, invalid("One or more parameter values were invalid: ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
	}
	if in.BillingMode != "" || in.ProvisionedThroughput != nil {
		t.bill(in.BillingMode, in.ProvisionedThroughput)
	}
	if in.DeletionProtectionEnabled != nil {
		t.description.DeletionProtectionEnabled = in.DeletionProtectionEnabled
	}
	if in.TableClass != "" {
		t.description.TableClassSummary = &types.TableClassSummary{TableClass: in.TableClass}
	}
	return &dynamodb.UpdateTableOutput{TableDescription: t.describe()}, nil
}

func (s *Service) deleteTable(_ *protocol.Call, in *dynamodb.DeleteTableInput) (*dynamodb.DeleteTableOutput, error) {
	t, err := s.describe(in.TableName)
	if err != nil {
		return nil, err
	}
	if aws.ToBool(t.description.DeletionProtectionEnabled) {
		return nil, invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	delete(s.tables, *t.description.TableName)
	out := t.describe()
	out.TableStatus = types.TableStatusDeleting
	return &dynamodb.DeleteTableOutput{TableDescription: out}, nil
}

func (s *Service) listTables(_ *protocol.Call, in *dynamodb.ListTablesInput) (*dynamodb.ListTablesOutput, error) {
	limit := 100
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	if limit < 1 || limit > 100 {
		return nil, invalid("Limit must be between 1 and 100")
	}
	names, last := paging.After(slices.Sorted(maps.Keys(s.tables)), in.ExclusiveStartTableName, limit)
	return &dynamodb.ListTablesOutput{TableNames: append([]string{}, names...), LastEvaluatedTableName: last}, nil
}

func (s *Service) listTagsOfResource(_ *protocol.Call, in *dynamodb.ListTagsOfResourceInput) (*dynamodb.ListTagsOfResourceOutput, error) {
	t, err := s.find(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &dynamodb.ListTagsOfResourceOutput{Tags: append([]types.Tag{}, t.tags...)}, nil
}

func (s *Service) updateContinuousBackups(_ *protocol.Call, in *dynamodb.UpdateContinuousBackupsInput) (*dynamodb.UpdateContinuousBackupsOutput, error) {
	t, err := s.backedUp(in.TableName)
	if err != nil {
		return nil, err
	}
	if in.PointInTimeRecoverySpecification == nil || in.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled == nil {
		return nil, invalid("PointInTimeRecoverySpecification needs PointInTimeRecoveryEnabled")
	}
	t.backups = *in.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled
	return &dynamodb.UpdateContinuousBackupsOutput{ContinuousBackupsDescription: t.continuousBackups()}, nil
}

func (s *Service) describeContinuousBackups(_ *protocol.Call, in *dynamodb.DescribeContinuousBackupsInput) (*dynamodb.DescribeContinuousBackupsOutput, error) {
	t, err := s.backedUp(in.TableName)
	if err != nil {
		return nil, err
	}
	return &dynamodb.DescribeContinuousBackupsOutput{ContinuousBackupsDescription: t.continuousBackups()}, nil
}

func (s *Service) backedUp(name *string) (*table, error) {
	t, err := s.find(name)
	if err != nil {
		return nil, protocol.Errorf("TableNotFoundException", "Table not found: %s", tableName(name))
	}
	return t, nil
}

// continuousBackups says what was asked for; nothing is backed up.
func (t *table) continuousBackups() *types.ContinuousBackupsDescription {
	status := types.PointInTimeRecoveryStatusDisabled
	if t.backups {
		status = types.PointInTimeRecoveryStatusEnabled
	}
	return &types.ContinuousBackupsDescription{
		ContinuousBackupsStatus:        types.ContinuousBackupsStatusEnabled,
		PointInTimeRecoveryDescription: &types.PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: status},
	}
}
