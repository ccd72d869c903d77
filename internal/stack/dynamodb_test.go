//go:build check

package stack_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"jixu/internal/stack"
)

func TestDynamoDBLocalAnswers(t *testing.T) {
	client := dynamodb.NewFromConfig(stack.DynamoDBLocal(t))
	if _, err := client.ListTables(context.Background(), &dynamodb.ListTablesInput{}); err != nil {
		t.Fatal(err)
	}
}
