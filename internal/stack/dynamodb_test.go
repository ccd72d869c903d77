//go:build check

package stack

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

func TestDynamoDBLocalAnswers(t *testing.T) {
	client := dynamodb.NewFromConfig(DynamoDBLocal(t))
	if _, err := client.ListTables(context.Background(), &dynamodb.ListTablesInput{}); err != nil {
		t.Fatal(err)
	}
}
