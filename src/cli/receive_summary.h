#ifndef GF_OTLP_CLI_RECEIVE_SUMMARY_H_
#define GF_OTLP_CLI_RECEIVE_SUMMARY_H_

#include <string>

#include "receive/capture_writer.h"
#include "receive/intake.h"

namespace gf_otlp::cli {

/// What a run of receive did, for people and as JSON.
struct ReceiveSummary {
  receive::Intake::Totals requests;
  receive::CaptureWriter::Totals files;
  double seconds = 0;
};

std::string ReceiveSummaryText(const ReceiveSummary& summary);
std::string ReceiveSummaryJson(const ReceiveSummary& summary);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_RECEIVE_SUMMARY_H_
