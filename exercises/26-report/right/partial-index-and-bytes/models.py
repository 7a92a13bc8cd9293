from datetime import UTC, datetime

from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Product(db.Model):
    __tablename__ = "products"

    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(120), nullable=False)
    description = db.Column(db.Text)
    # A product that is deleted takes its notices with it.
    notices = db.relationship("Notice", cascade="all, delete-orphan")


class Notice(db.Model):
    __tablename__ = "notices"

    id = db.Column(db.Integer, primary_key=True)
    product_id = db.Column(
        db.ForeignKey("products.id"), nullable=False, unique=True, index=True
    )
    text = db.Column(db.String(200), nullable=False)


class Report(db.Model):
    __tablename__ = "reports"

    id = db.Column(db.Integer, primary_key=True)
    state = db.Column(db.String(10), default="PENDING", nullable=False)
    file = db.deferred(db.Column(db.LargeBinary))
    ended_at = db.Column(db.DateTime(timezone=True))

    __table_args__ = (
        db.Index(
            "one_report_at_a_time",
            state,
            unique=True,
            sqlite_where=state == "PENDING",
            postgresql_where=state == "PENDING",
        ),
    )

    def close(self, state):
        self.state = state
        self.ended_at = datetime.now(UTC)
