//! Amazon CloudWatch Logs: awsJson 1.1.

use crate::Report;
use aws_sdk_cloudwatchlogs::types::{
    InputLogEvent, MetricTransformation, OrderBy, QueryStatus, StandardUnit,
};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table: one row an operation")]
async fn logs() {
    let mut report = Report::default();
    macro_rules! same {
        ($($line:tt)*) => { agree!(report, aws_sdk_cloudwatchlogs, "logs", "json", $($line)*) };
    }
    same!("CreateLogGroup", {"logGroupName": "/a", "tags": {"k": "v"}}, |client| client
        .create_log_group()
        .log_group_name("/a")
        .tags("k", "v"));
    same!("DeleteLogGroup", {"logGroupName": "/a"}, |client| client
        .delete_log_group()
        .log_group_name("/a"));
    same!("DescribeLogGroups", {"logGroupNamePrefix": "/a", "limit": 50}, |client| client
        .describe_log_groups()
        .log_group_name_prefix("/a")
        .limit(50));
    same!("CreateLogStream", {"logGroupName": "/a", "logStreamName": "s"}, |client| client
        .create_log_stream()
        .log_group_name("/a")
        .log_stream_name("s"));
    same!("DeleteLogStream", {"logGroupName": "/a", "logStreamName": "s"}, |client| client
        .delete_log_stream()
        .log_group_name("/a")
        .log_stream_name("s"));
    same!(
        "DescribeLogStreams",
        {"logGroupName": "/a", "orderBy": "LastEventTime", "descending": true},
        |client| client
            .describe_log_streams()
            .log_group_name("/a")
            .order_by(OrderBy::LastEventTime)
            .descending(true)
    );
    same!(
        "PutLogEvents",
        {"logGroupName": "/a", "logStreamName": "s", "logEvents": [{"timestamp": 5, "message": "é\u{1}"}]},
        |client| client
            .put_log_events()
            .log_group_name("/a")
            .log_stream_name("s")
            .log_events(
                InputLogEvent::builder()
                    .timestamp(5)
                    .message("é\u{1}")
                    .build()
                    .expect("an event")
            )
    );
    same!(
        "GetLogEvents",
        {"logGroupName": "/a", "logStreamName": "s", "startFromHead": true},
        |client| client
            .get_log_events()
            .log_group_name("/a")
            .log_stream_name("s")
            .start_from_head(true)
    );
    same!(
        "FilterLogEvents",
        {"logGroupName": "/a", "startTime": 1_768_478_400_000_i64, "filterPattern": "?a ?b"},
        |client| client
            .filter_log_events()
            .log_group_name("/a")
            .start_time(1_768_478_400_000)
            .filter_pattern("?a ?b")
    );
    same!(
        "StartQuery",
        {"logGroupName": "/a", "startTime": 1, "endTime": 2, "queryString": "fields @message | limit 5"},
        |client| client
            .start_query()
            .log_group_name("/a")
            .start_time(1)
            .end_time(2)
            .query_string("fields @message | limit 5")
    );
    same!("GetQueryResults", {"queryId": "q"}, |client| client
        .get_query_results()
        .query_id("q"));
    same!("DescribeQueries", {"logGroupName": "/a", "status": "Complete"}, |client| client
        .describe_queries()
        .log_group_name("/a")
        .status(QueryStatus::Complete));
    same!(
        "PutMetricFilter",
        {"logGroupName": "/a", "filterName": "f", "filterPattern": "{ $.x = 1 }", "metricTransformations": [
            {"metricName": "m", "metricNamespace": "n", "metricValue": "1", "defaultValue": 0.5, "unit": "Count"}
        ]},
        |client| client
            .put_metric_filter()
            .log_group_name("/a")
            .filter_name("f")
            .filter_pattern("{ $.x = 1 }")
            .metric_transformations(
                MetricTransformation::builder()
                    .metric_name("m")
                    .metric_namespace("n")
                    .metric_value("1")
                    .default_value(0.5)
                    .unit(StandardUnit::Count)
                    .build()
                    .expect("a transformation")
            )
    );
    same!("DescribeMetricFilters", {"logGroupName": "/a"}, |client| client
        .describe_metric_filters()
        .log_group_name("/a"));
    same!("DeleteMetricFilter", {"logGroupName": "/a", "filterName": "f"}, |client| client
        .delete_metric_filter()
        .log_group_name("/a")
        .filter_name("f"));
    same!("PutRetentionPolicy", {"logGroupName": "/a", "retentionInDays": 30}, |client| client
        .put_retention_policy()
        .log_group_name("/a")
        .retention_in_days(30));
    same!("DeleteRetentionPolicy", {"logGroupName": "/a"}, |client| client
        .delete_retention_policy()
        .log_group_name("/a"));
    same!(
        "CreateExportTask",
        {"logGroupName": "/a", "from": 1, "to": 2, "destination": "b"},
        |client| client
            .create_export_task()
            .log_group_name("/a")
            .from(1)
            .to(2)
            .destination("b")
    );
    same!("DescribeExportTasks", {}, |client| client
        .describe_export_tasks());
    same!("TagResource", {"resourceArn": "arn", "tags": {"k": "é"}}, |client| client
        .tag_resource()
        .resource_arn("arn")
        .tags("k", "é"));
    same!("ListTagsForResource", {"resourceArn": "arn"}, |client| client
        .list_tags_for_resource()
        .resource_arn("arn"));
    same!("DescribeResourcePolicies", {}, |client| client
        .describe_resource_policies());
    same!("DescribeSubscriptionFilters", {"logGroupName": "/a"}, |client| client
        .describe_subscription_filters()
        .log_group_name("/a"));
    report.holds(23);
}
